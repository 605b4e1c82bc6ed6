"""MovieLens as its publisher ships it: ml-100k, ml-1m, ml-10m, ml-20m and later, as a zip or an unpacked folder."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data.columns import ITEM, TIME, TITLE, USER, VALUE, Kind, Role
from data.errors import BadInput
from data.load.archive import Members
from data.load.reading import read_text, renamed
from data.load.scan import Text
from data.tables import RawTable, Source

_HOME = "https://grouplens.org/datasets/movielens/"
_RESEARCH = (
    "The publisher's terms in short (the README of the archive has them in full): for research; no endorsement by the "
    "University of Minnesota or GroupLens may be stated or implied; publications acknowledge the data set; no "
    "commercial or revenue-bearing use without the permission of GroupLens; "
)
_CLOSED = _RESEARCH + "no redistribution without separate permission."
_OPEN = _RESEARCH + "redistribution only under these same conditions."
_OPEN_SETS = ("ml-20m", "ml-32m", "ml-latest", "ml-latest-small")

_AGE_STARTS = [0, 18, 25, 35, 45, 50, 56]
_AGE_GROUPS = ["Under 18", "18-24", "25-34", "35-44", "45-49", "50-55", "56+"]
_OCCUPATIONS = [  # of ml-1m, by code
    "other or not specified",
    "academic/educator",
    "artist",
    "clerical/admin",
    "college/grad student",
    "customer service",
    "doctor/health care",
    "executive/managerial",
    "farmer",
    "homemaker",
    "K-12 student",
    "lawyer",
    "programmer",
    "retired",
    "sales/marketing",
    "scientist",
    "self-employed",
    "technician/engineer",
    "tradesman/craftsman",
    "unemployed",
    "writer",
]
_RATING = [USER, ITEM, VALUE, TIME]
_RATING_HEADER = "userId,movieId,rating,timestamp"
_YEAR = r"^.*\((\d{4})\b[^()]*\)"  # the last year in brackets
_DROPPED = (
    "Zip codes are not imported: nothing here needs them.",
    "Ages are kept as the seven bands of MovieLens 1M, not as years.",
)


@dataclass(frozen=True)
class _Files:
    """The file names of one generation of the data set."""

    ratings: str
    movies: str
    users: str | None = None


_OLD = _Files("u.data", "u.item", "u.user")
_DAT = _Files("ratings.dat", "movies.dat", "users.dat")
_CSV = _Files("ratings.csv", "movies.csv")


def licence(name: str) -> str:
    """The publisher's terms for a MovieLens data set, in short; the strictest for a name we do not know."""
    return _OPEN if name in _OPEN_SETS else _CLOSED


def is_movielens(path: str | Path) -> bool:
    """Whether this is a MovieLens zip or folder; an archive that cannot be read is not."""
    try:
        return _generation(Members(Path(path))) is not None
    except (BadInput, NotADirectoryError):
        return False


def read_movielens(path: str | Path) -> Source:
    """Read a MovieLens zip or folder.

    Films have title, genres, year and decade; people have gender, age band and occupation where they are published.
    MovieLens names no provider, so there is none.
    """
    files = Members(Path(path))
    found = _generation(files)
    if found is None:
        raise BadInput(
            "this is not MovieLens",
            file=path,
            fix="give the publisher's zip or its folder, with u.data, ratings.dat or ratings.csv in it",
        )
    ratings, movies, users = _READERS[found.ratings](files)
    has_users = users is not None
    name = _name_of(files, found)
    return Source(
        interactions=ratings,
        items=movies,
        users=users,
        kinds={TITLE: Kind.TEXT, "genres": Kind.MULTI, "year": Kind.NUMBER, "decade": Kind.CATEGORY},
        roles=_roles() if has_users else {},
        title=f"MovieLens ({name})",
        licence=licence(name),
        url=_HOME,
        warnings=_DROPPED if has_users else (),
    )


def _roles() -> dict[str, Role]:
    return {"gender": Role.SENSITIVE, "age_group": Role.SENSITIVE, "occupation": Role.SEGMENT}


def _generation(files: Members) -> _Files | None:
    if _OLD.ratings in files and _OLD.movies in files:
        return _OLD
    if _DAT.ratings in files and _DAT.movies in files:
        return _DAT
    header = _RATING_HEADER.encode()
    if _CSV.ratings in files and _CSV.movies in files and header in files.start(_CSV.ratings, 2 * len(header)):
        return _CSV
    return None


def _name_of(files: Members, found: _Files) -> str:
    usual = {"u.data": "ml-100k", "ratings.dat": "ml-1m", "ratings.csv": "ml-latest"}[found.ratings]
    return files.folder if files.folder.startswith("ml-") else usual


def _read_old(files: Members) -> tuple[RawTable, RawTable, RawTable | None]:
    ratings = read_text(files.text("u.data", delimiter="\t"), names=_RATING)
    genres = read_text(files.text("u.genre", delimiter="|", encoding="latin-1"), names=["genre", "place"]).frame[
        "genre"
    ]
    names = [ITEM, TITLE, "released", "video", "address", *(f"genre {genre}" for genre in genres)]
    movies = read_text(files.text("u.item", delimiter="|", encoding="latin-1"), names=names)
    frame = movies.frame
    frame["genres"] = _joined({genre: frame[f"genre {genre}"] == "1" for genre in genres})
    year = _year(frame[TITLE]).fillna(frame["released"].str[-4:])
    users = _old_users(files) if "u.user" in files else None
    return ratings, _movies(movies, year), users


def _old_users(files: Members) -> RawTable:
    """u.user, with a header line (as some copies have) or without one."""
    names = [USER, "age", "gender", "occupation", "zip"]
    text = files.text("u.user", delimiter="|", encoding="latin-1")
    raw = read_text(text, names=names)
    headed = len(raw.frame) > 0 and str(raw.frame[USER].iloc[0]).strip().lower() in ("id", "user_id", "userid")
    frame = raw.frame.iloc[1:].reset_index(drop=True) if headed else raw.frame
    return _people(RawTable(frame, raw.file, 1 + headed), frame["age"], frame["occupation"])


def _read_dat(files: Members) -> tuple[RawTable, RawTable, RawTable | None]:
    ratings = read_text(_single(files, "ratings.dat"), names=_RATING)
    movies = read_text(_single(files, "movies.dat"), names=[ITEM, TITLE, "genres"])
    people = None
    if "users.dat" in files:
        users = read_text(_single(files, "users.dat"), names=[USER, "gender", "age", "occupation", "zip"])
        jobs = users.frame["occupation"].map({str(code): name for code, name in enumerate(_OCCUPATIONS)}).astype("str")
        _refuse_unknown(users, "occupation", jobs)
        people = _people(users, users.frame["age"], jobs)
    return ratings, _movies(movies, _year(movies.frame[TITLE])), people


def _single(files: Members, name: str) -> Text:
    """The file with its :: made one character, which is what fast readers take."""
    double = files.text(name, delimiter="\x1f", encoding="latin-1")

    def opened() -> io.BytesIO:
        with double.open() as file:
            return io.BytesIO(file.read().replace(b"::", b"\x1f"))

    return Text(opened, double.file, double.encoding, double.delimiter, quote=False)


def _read_csv(files: Members) -> tuple[RawTable, RawTable, RawTable | None]:
    ratings = read_text(files.text("ratings.csv", delimiter=",", quote=True))
    ratings = renamed(ratings, {USER: "userId", ITEM: "movieId", VALUE: "rating"}, _RATING)
    movies = read_text(files.text("movies.csv", delimiter=",", quote=True))
    movies = renamed(movies, {ITEM: "movieId"}, [ITEM, TITLE, "genres"])
    genres = movies.frame["genres"]
    movies.frame["genres"] = genres.mask(genres == "(no genres listed)")
    return ratings, _movies(movies, _year(movies.frame[TITLE])), None


_READERS = {"u.data": _read_old, "ratings.dat": _read_dat, "ratings.csv": _read_csv}


def _movies(raw: RawTable, year: pd.Series) -> RawTable:
    number = pd.to_numeric(year, errors="coerce").astype("float64")
    decade = (number // 10 * 10).astype("Int64").astype("str") + "s"
    frame = raw.frame[[ITEM, TITLE, "genres"]].assign(year=number, decade=decade.where(number.notna()))
    return RawTable(frame, raw.file, raw.first_row, raw.locate)


def _people(raw: RawTable, age: pd.Series, occupation: pd.Series) -> RawTable:
    years = pd.to_numeric(age, errors="coerce").astype("float64")
    _refuse_unknown(raw, "age", years)
    bands = pd.cut(years, [*_AGE_STARTS, np.inf], labels=_AGE_GROUPS, right=False).astype("str")
    frame = pd.DataFrame(
        {USER: raw.frame[USER], "gender": raw.frame["gender"], "age_group": bands, "occupation": occupation}
    )
    return RawTable(frame, raw.file, raw.first_row, raw.locate)


def _refuse_unknown(raw: RawTable, column: str, read: pd.Series) -> None:
    wrong = np.flatnonzero(read.isna() & raw.frame[column].notna())
    if len(wrong):
        raise BadInput(
            "this code is not in the publisher's table",
            file=raw.file,
            row=raw.row(wrong[0]),
            column=column,
            value=raw.frame[column].iloc[wrong[0]],
            fix="download the archive again",
        )


def _year(titles: pd.Series) -> pd.Series:
    return titles.str.extract(_YEAR, expand=False)


def _joined(flags: dict[str, pd.Series]) -> pd.Series:
    """The names whose flag is set, as a|b; missing where none is."""
    text = np.zeros(len(next(iter(flags.values()))), dtype="U1")
    for name, flag in flags.items():
        added = np.where(text == "", name, np.strings.add(text, f"|{name}"))
        text = np.where(flag.to_numpy(), added, text)
    return pd.Series(text, dtype="str").mask(text == "")
