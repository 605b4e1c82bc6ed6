"""Whether lists and held-out choices are about the same people and items: if they hardly are, nothing is answered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from audit.inference.answers import State
from audit.inference.equivalence import NOT_SHOWN, WITHIN
from audit.measures.coded import Coded
from data.columns import ITEM, USER
from data.errors import BadInput, quoted

LEAST = 0.1  # of the judged people with a list, and of the shown and the held-out items in the catalogue
_DECIMAL = re.compile(r"-?[0-9]+\.0+\Z")


@dataclass(frozen=True)
class Overlap:
    """How much of the tables joins. `hint` is what the ids themselves say of why it does not; '' if nothing.

    People with a list and no held-out choice do not count against it: few people with a held-out choice are usual, and
    every number tells how many it rests on. A judged person without a list counts as 0 hits, so most of them must have one.
    """

    listed: int  # users with a list
    judged: int  # users with held-out choices
    both: int
    shown: int  # rows of the lists
    shown_known: int  # of them, those that show an item of the catalogue
    held_out: int  # held-out choices
    held_out_known: int  # of them, those of an item of the catalogue
    hint: str = ""
    examples: tuple[tuple[str, str], ...] = field(
        default=(("", ""),) * 3, compare=False
    )  # for each that must join: an id, and one it should be like

    @classmethod
    def of(cls, lists: pd.DataFrame, outcomes: pd.DataFrame, catalogue: Iterable[str]) -> Overlap:
        """Of checked tables, ids as text."""
        items = pd.Index(catalogue)
        listed, judged = pd.Index(lists[USER].unique()), pd.Index(outcomes[USER].unique())
        shown, wanted = lists[ITEM].value_counts(), outcomes[ITEM].value_counts()
        pairs = ((listed, judged), (shown.index, items), (wanted.index, items))
        return cls(
            listed=len(listed),
            judged=len(judged),
            both=int(listed.isin(judged).sum()),
            shown=len(lists),
            shown_known=int(shown[shown.index.isin(items)].sum()),
            held_out=len(outcomes),
            held_out_known=int(wanted[wanted.index.isin(items)].sum()),
            hint=next((told for here, there in pairs if (told := spelling(here, there))), ""),
            examples=tuple(
                (str(column.iloc[0]), str(others[0])) if len(column) and len(others) else ("", "")
                for column, others in ((lists[USER], judged), (lists[ITEM], items), (outcomes[ITEM], items))
            ),
        )

    @classmethod
    def of_coded(cls, coded: Coded) -> Overlap:
        """Of tables as codes, rows down to rank k."""
        listed, judged = coded.length > 0, coded.n_truth > 0
        return cls(
            listed=int(listed.sum()),
            judged=int(judged.sum()),
            both=int((listed & judged).sum()),
            shown=len(coded.item),
            shown_known=int(coded.catalogue[coded.item].sum()),
            held_out=int(coded.n_truth.sum()),
            held_out_known=int(coded.catalogue[coded.truth.indices].sum()),
        )

    @property
    def shares(self) -> tuple[tuple[int, int, str], ...]:
        """Part, whole, and the sentence that says so, for everything that must join."""
        return (
            (self.both, self.judged, "people with held-out choices have a list"),
            (self.shown_known, self.shown, "rows of the lists show an item of the catalogue"),
            (self.held_out_known, self.held_out, "held-out choices are of an item of the catalogue"),
        )

    @property
    def thin(self) -> str:
        """'' where enough joins; else why no comparison is answered: under `LEAST` of something that must join."""
        for part, whole, told in self.shares:
            if part < LEAST * whole or not whole:
                some = f"Only {part:,}" if part else "None"
                return f"{some} of {whole:,} {told}, so every answer is 'too few to say'. Check that ids are written alike."
        return ""

    def refuse_nothing(self, lists: str | None = None, truth: str | None = None) -> None:
        """Refuse tables of which nothing joins at all: they cannot be about the same people and items.

        `lists` and `truth` are what their files are called.
        """
        problems = ("no listed person has held-out choices", "no listed item is in the catalogue",
                    "no held-out item is in the catalogue")  # fmt: skip
        where = ((lists, USER), (lists, ITEM), (truth, ITEM))
        for (part, _, _), problem, (file, column), (given, like) in zip(
            self.shares, problems, where, self.examples, strict=True
        ):
            if not part:
                alike = f", like {quoted(like)}" if like else ""
                raise BadInput(
                    problem,
                    file=file,
                    column=column,
                    value=given or None,
                    fix=self.hint or f"write ids as the data set does, in lists and in choices{alike}",
                )


def spelling(here: Iterable[object], there: Iterable[object]) -> str:
    """What is wrong with ids, where one side writes whole numbers as decimals ('1.0') and the other does not; else ''."""
    sides = [pd.Index(list(each), dtype=object).astype(str) for each in (here, there)]
    for ids, others in (sides, sides[::-1]):
        decimal = ids[[bool(_DECIMAL.match(each)) for each in ids]]
        whole = decimal.str.replace(r"\.0+\Z", "", regex=True)
        found = np.flatnonzero(whole.isin(others) & ~decimal.isin(others))
        if len(found):
            id_ = decimal[found[0]]
            return f"ids like '{id_}' look like whole numbers written as decimals; write {whole[found[0]]}"
    return ""


def undecided(table: pd.DataFrame, why: str) -> pd.DataFrame:
    """The table with no flag, no clearance and no claim of parity, and why; the same where `why` is ''."""
    column, none = ("answer", NOT_SHOWN) if "answer" in table else ("state", State.TOO_FEW)
    if not why or column not in table:
        return table
    decided = table[column].isin([State.FLAG, State.NO_FLAG, WITHIN])
    return table.assign(**{column: table[column].mask(decided, none), "reason": table["reason"].mask(decided, why)})
