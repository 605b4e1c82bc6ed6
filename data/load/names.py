"""What columns are usually called, and what a column of an unknown table probably is."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from data.columns import CONTEXT, ITEM, LIST, MODEL, PROVIDER, RANK, SCORE, TIME, TITLE, USER, VALUE, Kind, Role, Table

_ALIASES: dict[str, str] = {  # written without case, spaces and underscores; the first that is there is taken
    USER: "userid user uid customerid customer clientid memberid accountid personid visitorid reviewerid",
    ITEM: "itemid item iid movieid productid articleid newsid trackid songid bookid gameid videoid contentid asin "
    "sku isbn",
    VALUE: "value rating stars score weight preference plays playcount count clicks",
    TIME: "timestamp ts time datetime date eventtime createdat ratedat",
    TITLE: "title name itemtitle itemname movietitle productname headline",
    PROVIDER: "provider providerid seller sellerid vendor publisher supplier merchant artist author creator brand "
    "label",
    RANK: "rank position pos place",
    SCORE: "score prediction predicted predictedscore estimate relevance",
    MODEL: "model algorithm system recommender",
    LIST: "listid list requestid slateid impressionid",
    CONTEXT: "context surface placement page",
}
COLUMNS: dict[Table, tuple[str, ...]] = {
    Table.INTERACTIONS: (USER, ITEM, VALUE, TIME),
    Table.ITEMS: (ITEM, TITLE, PROVIDER),
    Table.USERS: (USER,),
    Table.RECOMMENDATIONS: (USER, ITEM, RANK, SCORE, MODEL, LIST, CONTEXT),
    Table.OUTCOMES: (USER, ITEM, VALUE),
}
_SENSITIVE = (
    "gender genderidentity sex age agegroup ageband agerange birthyear yearofbirth birthdate dateofbirth dob ethnicity "
    "ethnicgroup ethnicorigin race skincolour skincolor religion belief faith disability disabled nationality "
    "citizenship nationalorigin countryofbirth birthcountry migrationstatus sexualorientation orientation "
    "politicalopinion politicalview politics party maritalstatus pregnancy pregnant health healthstatus "
    "unionmembership tradeunion caste nativelanguage mothertongue"
)
_IDENTIFYING = (
    "name firstname lastname surname fullname username email emailaddress mail phone phonenumber mobile address street "
    "zip zipcode postcode postalcode ip ipaddress ssn passport taxid iban creditcard"
)
_ISO_DATE = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?"
_FEW = 20


def plain(name: str) -> str:
    """A column name without case, spaces, underscores and the type that some tools append after a colon."""
    return re.sub(r"[^a-z0-9]", "", name.partition(":")[0].lower())


def recognised(columns: Sequence[str], table: Table, taken: Sequence[str] = ()) -> dict[str, str]:
    """Our names -> the file's for the columns that go by a usual name; `taken` are columns that are spoken for."""
    free = {plain(name): name for name in reversed(columns) if name not in taken}
    found: dict[str, str] = {}
    for ours in COLUMNS[table]:
        own = ["id"] if (table, ours) in ((Table.ITEMS, ITEM), (Table.USERS, USER)) else []
        exact = [ours] if ours in columns and ours not in taken else []
        theirs = next((free[name] for name in [*_ALIASES[ours].split(), *own] if name in free), None)
        theirs = exact[0] if exact else theirs
        if theirs is not None and theirs not in found.values():
            found[ours] = theirs
    return found


def guessed_role(name: str) -> Role | None:
    """Sensitive for the attributes that law and practice protect, else segment; None for what names a person."""
    if plain(name) in _IDENTIFYING.split():
        return None
    return Role.SENSITIVE if plain(name) in _SENSITIVE.split() else Role.SEGMENT


def guessed_kind(values: pd.Series) -> Kind:
    """What a content column probably is, by its values."""
    known = values.dropna()
    if pd.api.types.is_datetime64_any_dtype(known):
        return Kind.DATE
    if pd.api.types.is_bool_dtype(known):
        return Kind.CATEGORY
    if len(known) and pd.to_numeric(known, errors="coerce").notna().all():
        return Kind.NUMBER
    text = known.astype("str")
    if len(text) and text.str.fullmatch(_ISO_DATE).all():
        return Kind.DATE
    if text.str.contains("|", regex=False).any():
        return Kind.MULTI
    return Kind.CATEGORY if text.nunique() <= max(_FEW, len(text) // 2) else Kind.TEXT
