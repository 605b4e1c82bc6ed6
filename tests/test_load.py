"""What loaders read: MovieLens in every generation, folders of one's own, single files, and the one download."""

from __future__ import annotations

import gzip
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.build import build
from data.check import numbers
from data.columns import ITEM, PROVIDER, TIME, TITLE, USER, VALUE, Kind, Role, Table
from data.errors import BadInput, NotFound, SightglassError
from data.load import fetch as download
from data.load.folder import read_folder, read_source
from data.load.movielens import is_movielens, read_movielens
from data.load.names import guessed_kind, guessed_role, recognised
from data.load.reading import read_table
from data.tables import RawTable

# ---- MovieLens


def test_movielens_100k_is_what_its_publisher_says(ml100k_folder: Path):
    dataset, sensitive = build(read_source(ml100k_folder), "ml-100k")
    data = dataset.interactions
    assert (len(data), len(data.users), len(data.items)) == (100_000, 943, 1682)  # README of the data set
    assert np.bincount(data.user).min() >= 20
    assert data.users.values[:11].tolist() == [str(n) for n in range(1, 12)]
    assert sensitive["gender"].value_counts().to_dict() == {"M": 670, "F": 273}  # methods.md, section 3
    assert dataset.users.columns.tolist() == ["occupation"]
    assert dataset.users["occupation"].nunique() == 21
    assert (dataset.roles["gender"], dataset.roles["occupation"]) == (Role.SENSITIVE, Role.SEGMENT)
    assert PROVIDER not in dataset.items
    assert any("Zip codes" in warning for warning in dataset.warnings)
    assert "no redistribution" in dataset.licence


def test_movielens_100k_equals_a_literal_reading_of_its_files(ml100k_folder: Path):
    dataset, sensitive = build(read_movielens(ml100k_folder), "ml")
    lines = [line.split("\t") for line in (ml100k_folder / "u.data").read_text().splitlines()]
    literal = {(user, item): (float(value), int(time)) for user, item, value, time in lines}
    frame = dataset.interactions.frame()
    found = {(u, i): (v, t) for u, i, v, t in frame[[USER, ITEM, VALUE, TIME]].itertuples(index=False)}
    assert found == literal
    genres = [line.split("|")[0] for line in (ml100k_folder / "u.genre").read_text().splitlines() if line]
    for line in (ml100k_folder / "u.item").read_text(encoding="latin-1").splitlines():
        fields = line.split("|")
        row = dataset.items.loc[fields[0]]
        assert row[TITLE] == fields[1].strip()
        assert row["genres"] == "|".join(g for g, flag in zip(genres, fields[5:], strict=True) if flag == "1")
        assert fields[1] == "unknown" or f"({row['year']:.0f})" in fields[1] or fields[2].endswith(f"{row['year']:.0f}")
    people = [line.split("|") for line in (ml100k_folder / "u.user").read_text().splitlines()[1:]]
    for user, age, gender, job, _ in people:
        assert (sensitive.loc[user, "gender"], dataset.users.loc[user, "occupation"]) == (gender, job)
        assert sensitive.loc[user, "age_group"] == band(int(age))
    assert dataset.items.loc["1", "decade"] == "1990s"


def band(age: int) -> str:
    """Spell out the bands of the README of MovieLens 1M."""
    if age < 18:
        return "Under 18"
    if age >= 56:
        return "56+"
    ends = [(18, 24), (25, 34), (35, 44), (45, 49), (50, 55)]
    return next(f"{low}-{high}" for low, high in ends if low <= age <= high)


GENRES = "unknown|0\nAction|1\nDrama|2\n\n"
ITEMS = "1|Amélie (2001)|01-Jan-2001||http://x|0|0|1\n2|unknown||||1|0|0\n3|Two (II)|14-Feb-1997|||0|1|1\n"
OLD = {
    "ml-100k/u.data": "1\t2\t3\t881250949\n2\t1\t5\t881250950\n",
    "ml-100k/u.item": ITEMS,
    "ml-100k/u.genre": GENRES,
    "ml-100k/u.user": "1|17|M|artist|85711\n2|56|F|other|94043\n",
}
DAT = {
    "ml-1m/ratings.dat": "1::1193::5::978300760\n2::661::3::978302109\n",
    "ml-1m/movies.dat": "661::Cœur: The Return (1996)::Animation|Children's\n1193::One (1975)::Drama\n".replace(
        "œ", "é"
    ),
    "ml-1m/users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n",
}
NEW = {
    "ml-latest-small/ratings.csv": "userId,movieId,rating,timestamp\n1,1,4.0,964982703\n1,3,0.5,964981247\n",
    "ml-latest-small/movies.csv": 'movieId,title,genres\r\n1,"Père, The (1995)",A|B\r\n3,Odd,(no genres listed)\r\n',
}


def archive(path: Path, members: dict[str, str], encoding: str = "latin-1") -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("__MACOSX/._u.data", "junk")
        for name, content in members.items():
            file.writestr(name, content.encode(encoding))
    return path


def test_the_old_archive_has_no_header_and_is_latin_1(tmp_path: Path):
    dataset, sensitive = build(read_source(archive(tmp_path / "ml-100k.zip", OLD)), "x")
    assert dataset.items[TITLE].tolist() == ["Amélie (2001)", "unknown", "Two (II)"]
    assert dataset.items["genres"].tolist() == ["Drama", "unknown", "Action|Drama"]
    np.testing.assert_array_equal(dataset.items["year"], [2001, np.nan, 1997])
    assert dataset.items["decade"].isna().tolist() == [False, True, False]
    assert sensitive["age_group"].tolist() == ["Under 18", "56+"]
    assert dataset.title == "MovieLens (ml-100k)"


def test_movielens_1m_codes_are_translated(tmp_path: Path):
    dataset, sensitive = build(read_source(archive(tmp_path / "any.zip", DAT)), "x")
    assert dataset.items[TITLE].tolist() == ["Céur: The Return (1996)", "One (1975)"]
    assert sensitive.to_dict("list") == {"gender": ["F", "M"], "age_group": ["Under 18", "56+"]}
    assert dataset.users["occupation"].tolist() == ["K-12 student", "self-employed"]
    assert dataset.interactions.value.tolist() == [5, 3]
    wrong = {**DAT, "ml-1m/users.dat": "1::F::1::10::48067\n2::M::56::21::70072\n"}
    with pytest.raises(BadInput, match=r"users\.dat, row 2, column 'occupation': this code is not in.*given: '21'"):
        read_source(archive(tmp_path / "wrong.zip", wrong))


def test_later_archives_have_csv_and_no_people(tmp_path: Path):
    path = archive(tmp_path / "ml-latest-small.zip", NEW, "utf-8")
    dataset, sensitive = build(read_source(path), "x")
    assert dataset.items[TITLE].tolist() == ["Père, The (1995)", "Odd"]
    assert dataset.items["genres"].isna().tolist() == [False, True]
    assert dataset.interactions.value.tolist() == [4.0, 0.5]
    assert sensitive.empty
    assert dataset.warnings == ("There is one user, so groups cannot be compared.",)
    assert "only under these same conditions" in dataset.licence


@pytest.mark.parametrize("members", [OLD, DAT, NEW])
def test_an_unpacked_folder_is_read_as_its_archive(tmp_path: Path, members: dict[str, str]):
    encoding = "utf-8" if members is NEW else "latin-1"
    zipped = archive(tmp_path / "x.zip", members, encoding)
    with zipfile.ZipFile(zipped) as file:
        file.extractall(tmp_path / "out")
    folder = next(p for p in (tmp_path / "out").iterdir() if p.name.startswith("ml-"))
    assert is_movielens(folder)
    assert is_movielens(zipped)
    (ours, apart), (theirs, theirs_apart) = build(read_source(folder), "x"), build(read_source(zipped), "x")
    assert ours.interactions.hash == theirs.interactions.hash
    pd.testing.assert_frame_equal(ours.items, theirs.items)
    pd.testing.assert_frame_equal(apart, theirs_apart)


def test_what_is_not_movielens_is_not_taken_for_it(tmp_path: Path):
    (tmp_path / "ratings.csv").write_text("user,item\n1,2\n")
    (tmp_path / "movies.csv").write_text("item,name\n2,x\n")
    assert not is_movielens(tmp_path)
    assert not is_movielens(tmp_path / "ratings.csv")
    assert not is_movielens(tmp_path / "nothing")


# ---- single files


PLAIN = pd.DataFrame({USER: ["a", "007"], ITEM: ["x", "y"], VALUE: ["1", "2.5"]})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"user_id,item_id,value\na,x,1\n007,y,2.5\n"),
        ("crlf.csv", b"user_id,item_id,value\r\na,x,1\r\n007,y,2.5\r\n"),
        ("cr.csv", b"user_id,item_id,value\ra,x,1\r007,y,2.5\r"),
        ("bom.csv", b"\xef\xbb\xbfuser_id,item_id,value\na,x,1\n007,y,2.5\n"),
        ("bom_quotes.csv", b'\xef\xbb\xbf"user_id","item_id","value"\na,x,1\n007,y,2.5\n'),
        ("blank.csv", b"\n\nuser_id,item_id,value\n\na,x,1\n\n007,y,2.5\n\n"),
        ("quotes.csv", b'"user_id",item_id,value\n"a","x",1\n007,"y","2.5"\n'),
        ("no_end.csv", b"user_id,item_id,value\na,x,1\n007,y,2.5"),
        ("semicolon.csv", b"user_id;item_id;value\na;x;1\n007;y;2.5\n"),
        ("a.tsv", b"user_id\titem_id\tvalue\na\tx\t1\n007\ty\t2.5\n"),
        ("tabs.csv", b"user_id\titem_id\tvalue\na\tx\t1\n007\ty\t2.5\n"),
        ("a.csv.gz", gzip.compress(b"user_id,item_id,value\na,x,1\n007,y,2.5\n", mtime=0)),
        ("unnamed.csv", b",user_id,item_id,value\n0,a,x,1\n1,007,y,2.5\n"),
    ],
)
def test_one_table_in_many_dresses(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    raw = read_table(tmp_path / name, required=(USER, ITEM))
    pd.testing.assert_frame_equal(raw.frame, PLAIN, check_dtype=False)


def test_an_encoding_that_is_named_is_used(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes("user_id,item_id\né,x\n".encode("cp1252"))
    assert read_table(tmp_path / "a.csv", encoding="cp1252").frame[USER].tolist() == ["é"]
    with pytest.raises(BadInput, match=r"this encoding is not known .*'klingon'"):
        read_table(tmp_path / "a.csv", encoding="klingon")


def test_parquet_lists_and_categories_are_read_as_text(tmp_path: Path):
    frame = pd.DataFrame({ITEM: [2**53 + 1, 2], "g": [["a", "b"], ["c"]], "c": pd.Categorical(["x", "y"])})
    frame.to_parquet(tmp_path / "a.parquet")
    read = read_table(tmp_path / "a.parquet").frame
    assert read.to_dict("list") == {ITEM: [str(2**53 + 1), "2"], "g": ["a|b", "c"], "c": ["x", "y"]}


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=12), bad=st.data())
def test_any_text_survives_and_the_line_of_a_bad_number_is_named(tmp_path_factory, rows, bad):
    """The oracle of values is what was written; the oracle of lines is counting line breaks while writing."""
    place = bad.draw(st.integers(0, len(rows) - 1))
    text = io.StringIO()
    text.write("a,b,c,n\n")
    for number, row in enumerate(rows):
        if number == place:
            line = text.getvalue().count("\n") + 1
        text.write(",".join('"' + cell.replace('"', '""') + '"' for cell in row))
        text.write(",oops\n" if number == place else f",{number}\n")
    path = tmp_path_factory.mktemp("t") / "a.csv"
    path.write_bytes(text.getvalue().encode())
    raw = read_table(path)
    missing = ("", "nan", "NaN", "null", "NULL", "<NA>")
    for column, values in zip("abc", zip(*rows, strict=True), strict=True):
        assert raw.frame[column].fillna("").tolist() == ["" if value in missing else value for value in values]
    with pytest.raises(BadInput) as caught:
        numbers(raw, "n")
    assert (caught.value.row, caught.value.value) == (line, "oops")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15), min_size=1))
def test_numbers_written_as_text_are_read_to_the_last_bit(values: list[float]):
    frame = pd.DataFrame({"n": pd.array([repr(value) for value in values], dtype="str")})
    np.testing.assert_array_equal(numbers(RawTable(frame, "x"), "n"), np.array(values, dtype=float))
    spaced = RawTable(pd.DataFrame({"n": pd.array([f" {value!r} " for value in values], dtype="str")}), "x")
    np.testing.assert_array_equal(numbers(spaced, "n"), np.array(values, dtype=float))


@pytest.mark.parametrize(
    ("times", "expected", "said"),
    [
        (["881250949", "881250950"], [881250949, 881250950], None),
        (["881250949000", "881250950999"], [881250949, 881250950], "milliseconds"),
        (["1997-12-04T15:55:49", "1997-12-04T15:55:50Z"], [881250949, 881250950], None),
        (["1997-12-04 17:55:49+02:00", "1970-01-01"], [881250949, 0], None),
    ],
)
def test_times_are_seconds(tmp_path: Path, times: list[str], expected: list[int], said: str | None):
    (tmp_path / "a.csv").write_text(f"user,item,ts\nu,i,{times[0]}\nu,j,{times[1]}\n")
    dataset, _ = build(read_source(tmp_path / "a.csv"), "x")
    assert dataset.interactions.timestamp.tolist() == expected
    assert said is None or any(said in warning for warning in dataset.warnings)


def test_times_of_parquet_are_seconds(tmp_path: Path):
    times = pd.to_datetime(["1997-12-04T15:55:49", "1970-01-01T00:00:00"])
    for zone in (None, "Asia/Tokyo"):
        frame = pd.DataFrame({"user": [1, 1], "item": [1, 2], "ts": times.tz_localize("UTC").tz_convert(zone)})
        frame.to_parquet(tmp_path / "a.parquet")
        assert build(read_source(tmp_path / "a.parquet"), "x")[0].interactions.timestamp.tolist() == [881250949, 0]


def test_of_a_pair_at_several_times_the_latest_is_kept(tmp_path: Path):
    (tmp_path / "a.csv").write_text("user,item,rating,ts\nu,i,1,30\nu,j,2,5\nu,i,3,10\nv,i,4,1\nu,i,5,20\n")
    dataset, _ = build(read_source(tmp_path / "a.csv"), "x")
    assert dataset.interactions.value.tolist() == [1, 2, 4]
    assert "2 rows repeat a user and an item at another time; the latest of each pair is kept." in dataset.warnings


# ---- folders

TOML = """
[dataset]
title = "Shop"
licence = "CC0"
source = "https://example.org"
[interactions]
file = "log.tsv"
columns = {user_id = "uid", item_id = "what", value = "n"}
[items]
columns = {item_id = "sku", title = "label_text"}
encoding = "latin-1"
kinds = {tags = "multi-category", price = "number", since = "date", kind = "category"}
[users]
columns = {user_id = "uid"}
roles = {sex = "sensitive", plan = "segment", taste = "feature"}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "dataset.toml").write_text(TOML)
    (tmp_path / "log.tsv").write_text("uid\twhat\tn\tsession\n10\tA\t1\ts\n9\tB\t2\ts\n")
    items = "sku,label_text,tags,price,since,kind,weight\nA,Thé,x|y,1.5,2024-01-31,k,3\nC,,,,,,\n"
    (tmp_path / "items.csv").write_bytes(items.encode("latin-1"))
    (tmp_path / "users.csv").write_text("uid,sex,plan,taste,email\n9,f,1,sweet,a@b\n11,m,2,,c@d\n")
    return tmp_path


def test_a_folder_is_read_as_its_description_says(shop: Path):
    dataset, sensitive = build(read_source(shop), "shop")
    assert (dataset.title, dataset.licence, dataset.url) == ("Shop", "CC0", "https://example.org")
    assert dataset.interactions.users.values.tolist() == ["9", "10", "11"]
    assert dataset.items.index.tolist() == ["A", "B", "C"]
    assert dataset.items.columns.tolist() == [TITLE, "tags", "price", "since", "kind"]
    assert dataset.items.loc["A"].tolist() == ["Thé", "x|y", 1.5, pd.Timestamp("2024-01-31"), "k"]
    assert dataset.items.loc[["B", "C"]].isna().all(axis=None)
    assert dataset.kinds["since"] is Kind.DATE
    assert dataset.users.columns.tolist() == ["plan", "taste"]
    assert sensitive["sex"].tolist()[0] == "f"
    assert sensitive["sex"].isna().tolist() == [False, True, False]
    said = "\n".join(dataset.warnings)
    assert "log.tsv: not imported, as nothing says what they are: session." in said
    assert "items.csv: not imported, as nothing says what they are: weight." in said
    assert "users.csv: not imported, as nothing says what they are: email." in said
    assert "1 items of the interactions are not in the items table" in said
    assert "1 users of the interactions are not in the users table" in said
    assert "1 items have no interactions; they are kept." in said


def test_a_folder_without_a_description_is_understood_by_its_names(shop: Path):
    (shop / "dataset.toml").unlink()
    (shop / "log.tsv").rename(shop / "interactions.tsv")
    text = (shop / "interactions.tsv").read_text().replace("what\tn", "movieId\trating")
    (shop / "interactions.tsv").write_text(text)
    (shop / "items.csv").write_text("movieId,name,seller,genre,price\nA,Tea,S,x|y,1.5\nB,Mug,S,z,2\n")
    dataset, sensitive = build(read_folder(shop), "shop")
    assert dataset.interactions.value.tolist() == [2, 1]
    assert dataset.items.columns.tolist() == [TITLE, PROVIDER, "genre", "price"]
    assert dataset.kinds == {TITLE: Kind.TEXT, "genre": Kind.MULTI, "price": Kind.NUMBER}
    assert dataset.roles == {"sex": Role.SENSITIVE, "plan": Role.SEGMENT, "taste": Role.SEGMENT}
    assert sensitive.columns.tolist() == ["sex"]
    said = "\n".join(dataset.warnings)
    assert "interactions.tsv: read 'uid' as user_id, 'movieId' as item_id, 'rating' as value." in said
    assert "users.csv: took 'sex' as sensitive, 'plan' as segment, 'taste' as segment (by their names)." in said
    assert "not imported, as nothing says what they are: email." in said


@pytest.mark.parametrize("name", ["gender", "Sex", "age", "AGE_GROUP", "ethnicity", "date of birth", "Nationality"])
def test_protected_attributes_are_sensitive_by_their_name(name: str):
    assert guessed_role(name) is Role.SENSITIVE
    assert guessed_role(f"{name} of the shop") is Role.SEGMENT


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.5", None], Kind.NUMBER),
        (["a|b", "c", None], Kind.MULTI),
        (["2024-01-01", "2023-12-31 10:00"], Kind.DATE),
        (["red", "blue", "red"], Kind.CATEGORY),
        ([f"a long sentence that names {n}" for n in range(50)], Kind.TEXT),
        ([None, None], Kind.CATEGORY),
    ],
)
def test_kinds_are_guessed_by_values(values: list[str | None], kind: Kind):
    assert guessed_kind(pd.Series(values, dtype="str")) is kind


def test_our_own_names_win_over_other_usual_ones():
    found = recognised(["user", "user_id", "item:token", "score", "rating"], Table.INTERACTIONS)
    assert found == {USER: "user_id", ITEM: "item:token", VALUE: "rating"}


# ---- the download


class Publisher(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, bytes]] = {}

    def do_GET(self):
        body = self.files.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


@contextmanager
def publisher(files: dict[str, bytes]) -> Iterator[str]:
    """Serve the files on this machine; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Some", (Publisher,), {"files": files}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def md5(content: bytes) -> bytes:
    return hashlib.md5(content).hexdigest().encode()


def test_a_download_is_checked_and_can_be_imported(tmp_path: Path):
    body = archive(tmp_path / "made.zip", NEW, "utf-8").read_bytes()
    beside = b"MD5 (ml-latest-small.zip) = " + md5(body) + b"\n"
    with publisher({"/ml-latest-small.zip": body, "/ml-latest-small.zip.md5": beside}) as base:
        path = download.fetch("ml-latest-small", tmp_path / "to", base=base)
    assert path.read_bytes() == body
    assert len(build(read_source(path), "x")[0].interactions) == 2


@pytest.mark.parametrize(
    ("name", "files", "sentence"),
    [
        ("ml-latest", {".zip": b"x", ".zip.md5": md5(b"y")}, "does not match its checksum .*not kept"),
        ("ml-latest", {".zip": b"x"}, "cannot be reached .*Not Found.*by hand"),
        ("ml-latest", {".zip": b"x", ".zip.md5": b"<html>"}, "holds no checksum"),
        ("ml-100k", {".zip": b"x", ".zip.md5": md5(b"x")}, "is not the known one of ml-100k"),
        ("ml-latest-small", {".zip": b"x" * (21 << 20), ".zip.md5": md5(b"x")}, "sends more than 20,971,520 bytes"),
    ],
)
def test_a_download_that_is_not_right_leaves_nothing(tmp_path: Path, name: str, files: dict, sentence: str):
    given = {f"/{name}{ending}": body for ending, body in files.items()}
    with publisher(given) as base, pytest.raises(SightglassError, match=sentence):
        download.fetch(name, tmp_path / "to", base=base)
    assert not list(tmp_path.rglob("*.zip*"))


def test_without_a_network_the_sentence_says_what_to_do_instead(tmp_path: Path):
    with publisher({}) as base:
        pass
    with pytest.raises(SightglassError, match=r"cannot be reached .*refused.*sightglass import ml-1m\.zip.*demo world"):
        download.fetch("ml-1m", tmp_path, base=base)
    assert not list(tmp_path.iterdir())


def test_only_known_archives_over_a_safe_line(tmp_path: Path):
    with pytest.raises(NotFound, match="There is no MovieLens archive 'ml-9'; known: ml-100k"):
        download.fetch("ml-9", tmp_path)
    with pytest.raises(SightglassError, match="not an https address"):
        download.fetch("ml-1m", tmp_path, base="http://files.grouplens.org/datasets/movielens")
    assert "no redistribution" in download.licence("ml-1m")
    assert "only under these same conditions" in download.licence("ml-32m")
