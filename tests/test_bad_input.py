"""Bad input gets one sentence that names file, row, column, value and fix, and changes nothing."""

from __future__ import annotations

import gzip
import re
import resource
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.build import build, outcomes, recommendations
from data.columns import ITEM, SCORE, USER, VALUE, Kind, Role, Table
from data.errors import BadInput, SightglassError
from data.keep.catalog import Catalog
from data.load.archive import Members
from data.load.folder import read_known, read_source
from data.tables import RawTable, Source

GOOD = "user_id,item_id,value,timestamp\nu1,i1,4,100\nu1,i2,5,200\nu2,i1,3,300\n"


@dataclass
class Given:
    """A file or folder to import, in the words of the test."""

    tmp: Path

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.tmp / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def folder(self, **files: str) -> Path:
        for name, content in {"interactions_csv": GOOD, **files}.items():
            self.file("set/" + name.replace("_", "."), content)
        return self.tmp / "set"

    def zip(self, **members: str) -> Path:
        path = self.tmp / "ml.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path

    def parquet(self, name: str, **columns: object) -> Path:
        pd.DataFrame(columns).to_parquet(self.tmp / name, index=False)
        return self.tmp / name


ML_TRAVERSAL = {"ml-100k/u.data": "1\t1\t5\t1\n", "ml-100k/u.item": "", "../../evil.txt": "x"}
REFUSED: dict[str, tuple[Callable[[Given], Path], list[str]]] = {
    "missing file": (lambda g: g.tmp / "no.csv", [r"no\.csv: there is no such file", "check the path"]),
    "a missing column lists what is there": (
        lambda g: g.file("a.csv", "user_id,price\nu,1\n"),
        [
            r"a\.csv, row 1, column 'item_id'",
            "this column is missing; there are: user_id, price",
            "add the column 'item_id'",
        ],
    ),
    "unknown column in dataset.toml": (
        lambda g: g.folder(dataset_toml='[interactions]\ncolumns = {user_id = "usr_id"}\n'),
        [
            r"interactions\.csv, column 'usr_id'",
            "no such column for user_id; there are: user_id, item_id",
            "use 'user_id'",
        ],
    ),
    "unknown content column in dataset.toml": (
        lambda g: g.folder(items_csv="item_id,genre\ni1,a\n", dataset_toml='[items]\nkinds = {gnre = "category"}\n'),
        [r"items\.csv, column 'gnre'", "there is no such column; there are: item_id, genre", "correct the name"],
    ),
    "unknown key in dataset.toml": (
        lambda g: g.folder(dataset_toml="[interactions]\ncolums = {}\n"),
        [r"dataset\.toml: 'interactions\.colums' is not a known key", "given: 'colums'", "use 'columns'"],
    ),
    "unknown role": (
        lambda g: g.folder(users_csv="user_id,sex\nu1,f\n", dataset_toml='[users]\nroles = {sex = "sensitve"}\n'),
        [r"dataset\.toml, column 'sex': this role is not known", "'sensitve'", "use 'sensitive'"],
    ),
    "unknown kind": (
        lambda g: g.folder(items_csv="item_id,g\ni1,f\n", dataset_toml='[items]\nkinds = {g = "categry"}\n'),
        [r"dataset\.toml, column 'g': this kind is not known", "'categry'", "use 'category'"],
    ),
    "sensitive and feature at once": (
        lambda g: g.folder(
            users_csv="user_id,sex\nu1,f\n", dataset_toml='[users]\nroles = {sex = ["sensitive", "feature"]}\n'
        ),
        [r"dataset\.toml, column 'sex'", "two roles, one of them sensitive", "choose one role"],
    ),
    "one column under two names and roles": (
        lambda g: g.folder(
            users_csv="user_id,sex\nu1,f\nu2,m\n",
            dataset_toml='[users]\ncolumns = {a = "sex", b = "sex"}\nroles = {a = "sensitive", b = "feature"}\n',
        ),
        [r"dataset\.toml, column 'sex'", "two roles", "sensitive, feature"],
    ),
    "a feature that copies a sensitive column": (
        lambda g: g.folder(
            users_csv="user_id,sex,copy\nu1,f,f\nu2,m,m\n",
            dataset_toml='[users]\nroles = {sex = "sensitive", copy = "feature"}\n',
        ),
        [r"users\.csv, column 'copy'", "same values as the sensitive column 'sex'", "remove 'copy'"],
    ),
    "dataset.toml that points outside": (
        lambda g: g.folder(dataset_toml='[interactions]\nfile = "../secret.csv"\n'),
        [r"dataset\.toml", "outside of its folder", r"'\.\./secret\.csv'", "put the file into the folder"],
    ),
    "not TOML": (lambda g: g.folder(dataset_toml="[x\n"), [r"dataset\.toml: this is not TOML .*line 1"]),
    "duplicate pair": (
        lambda g: g.file("a.csv", "user_id,item_id\nu,i\nu,j\nu,i\n"),
        [r"a\.csv, row 4, column 'user_id, item_id'", "pair is in row 2 already", "given: 'u, i'", "keep one row"],
    ),
    "duplicate pair at the same time": (
        lambda g: g.file("a.csv", "user_id,item_id,timestamp\nu,i,5\nu,j,5\nu,i,5\n"),
        [r"a\.csv, row 4", "in row 2 already", "given: 'u, i, 5'", "keep one row per user, item and time"],
    ),
    "duplicate item": (
        lambda g: g.folder(items_csv="item_id,title\ni1,A\ni2,B\ni1,C\n"),
        [r"items\.csv, row 4, column 'item_id'", "id is in row 2 already", "'i1'", "keep one row per id"],
    ),
    "duplicate user": (
        lambda g: g.folder(users_csv="user_id\nu1\nu1\n"),
        [r"users\.csv, row 3, column 'user_id'", "in row 2 already", "'u1'"],
    ),
    "text in a number column": (
        lambda g: g.file("a.csv", "user_id,item_id,value\nu,i,4\nu,j,good\n"),
        [r"a\.csv, row 3, column 'value'", "this is not a number", "given: 'good'", "write it as a number"],
    ),
    "text in a number column, after blank lines and quoted line breaks": (
        lambda g: g.file("a.csv", 'user_id,item_id,note,value\nu,i,"two\nlines",4\n\nu,j,x,4\nu,k,y,good\n'),
        [r"a\.csv, row 6, column 'value'", "this is not a number", "'good'"],
    ),
    "text in a content column of numbers": (
        lambda g: g.folder(
            items_csv="item_id,year\ni1,1999\ni2,soon\n", dataset_toml='[items.kinds]\nyear = "number"\n'
        ),
        [r"items\.csv, row 3, column 'year'", "this is not a number", "'soon'"],
    ),
    "text in a content column of dates": (
        lambda g: g.folder(items_csv="item_id,d\ni1,1999-01-01\ni2,soon\n", dataset_toml='[items.kinds]\nd = "date"\n'),
        [r"items\.csv, row 3, column 'd'", "this is not a date", "'soon'", "2024-12-31"],
    ),
    "text in a Parquet file": (
        lambda g: g.parquet("a.parquet", user_id=["u", "u"], item_id=["i", "j"], value=["4", "good"]),
        [r"a\.parquet, row 2, column 'value'", "this is not a number", "'good'"],
    ),
    "NaN id": (
        lambda g: g.file("a.csv", "user_id,item_id\nu,i\nNaN,j\n"),
        [r"a\.csv, row 3, column 'user_id'", "the id is missing", "given: 'empty'", "give every row an id"],
    ),
    "blank id": (
        lambda g: g.file("a.csv", "user_id,item_id\nu,i\nu,  \n"),
        [r"a\.csv, row 3, column 'item_id'", "the id is missing"],
    ),
    "NaN id in Parquet": (
        lambda g: g.parquet("a.parquet", user_id=[1.0, np.nan], item_id=[1, 2]),
        [r"a\.parquet, row 2, column 'user_id'", "the id is missing"],
    ),
    "missing value": (
        lambda g: g.file("a.csv", "user_id,item_id,value\nu,i,4\nu,j,\n"),
        [r"a\.csv, row 3, column 'value'", "the number is missing", "remove the row"],
    ),
    "infinite value": (
        lambda g: g.file("a.csv", "user_id,item_id,value\nu,i,4\nu,j,-inf\n"),
        [r"a\.csv, row 3, column 'value'", "infinite", "'-inf'", "give a finite number"],
    ),
    "empty table": (
        lambda g: g.file("a.csv", "user_id,item_id\n"),
        [r"a\.csv: the table has no rows", "at least one row"],
    ),
    "empty file": (lambda g: g.file("a.csv", ""), [r"a\.csv: the file is empty", "header line"]),
    "a row too short": (
        lambda g: g.file("a.csv", "user_id,item_id\nu,i\nu\n"),
        [r"a\.csv, row 3: this row has 1 value where the table has 2 columns", "'u'", "one value a column"],
    ),
    "a quote that is never closed": (
        lambda g: g.file("a.csv", 'user_id,item_id\nu,i\nu,"j\nu,k\n'),
        [r"a\.csv, row 3: a quoted value that starts here is not closed", "close the quote"],
    ),
    "a column twice": (
        lambda g: g.file("a.csv", "user_id,item_id,item_id\nu,i,j\n"),
        [r"a\.csv, row 1, column 'item_id': the header names this column twice", "rename one"],
    ),
    "NUL byte": (
        lambda g: g.file("a.csv", b"user_id,item_id\nu,i\nu,\0j\n"),
        [r"a\.csv, row 3: the file holds a NUL byte", "0x00", "export the table again"],
    ),
    "wrong encoding": (
        lambda g: g.file("a.csv", "user_id,item_id\nu,i\nu,é\n".encode("latin-1")),
        [r"a\.csv, row 3: the text is not UTF-8", "byte 0xe9", "save the file as UTF-8", "latin-1"],
    ),
    "cut inside a character": (
        lambda g: g.file("a.csv", "user_id,item_id\nu,é".encode()[:-1]),
        [r"a\.csv, row 2: the text is not UTF-8", "byte 0xc3"],
    ),
    "UTF-16": (
        lambda g: g.file("a.csv", GOOD.encode("utf-16")),
        [r"a\.csv, row 1: the file is UTF-16", "save it as UTF-8"],
    ),
    "a workbook": (lambda g: g.file("a.csv", b"PK\x03\x04rest"), ["zip archive or an Excel workbook", "as CSV"]),
    "a text that is called Parquet": (
        lambda g: g.file("a.parquet", b"hello"),
        [r"a\.parquet: this is not a Parquet file", "export it again"],
    ),
    "a Parquet file cut short": (
        lambda g: g.file("a.parquet", b"PAR1 and then nothing"),
        [r"a\.parquet: this Parquet file cannot be read", "write it again"],
    ),
    "a gzip cut short": (
        lambda g: g.file("a.csv.gz", gzip.compress(GOOD.encode() * 50)[:-9]),
        [r"a\.csv\.gz: the file cannot be read", "again"],
    ),
    "a zip that is not a zip": (
        lambda g: g.file("ml-100k.zip", b"<html>not here</html>"),
        [r"ml-100k\.zip: this is not a zip archive that can be read", "download it again from its publisher"],
    ),
    "a zip of something else": (
        lambda g: g.zip(**{"readme.txt": "hello"}),
        [r"ml\.zip: this is not MovieLens", "u.data, ratings.dat or ratings.csv"],
    ),
    "a zip with a member that points outside": (
        lambda g: g.zip(**ML_TRAVERSAL),
        [r"ml\.zip: the archive holds a file whose name points outside of it", r"'\.\./\.\./evil\.txt'", "do not use"],
    ),
    "a zip with an absolute member": (
        lambda g: g.zip(**{"/etc/evil": "x", "u.data": "1\t1\t1\t1\n", "u.item": ""}),
        ["points outside of it", "'/etc/evil'"],
    ),
    "a folder without interactions": (
        lambda g: g.file("f/other.txt", "x").parent,
        ["there is no interactions file in this folder; there is: other.txt", "add interactions.csv"],
    ),
    "two files of one table": (
        lambda g: g.folder(interactions_tsv=GOOD.replace(",", "\t")),
        ["two files of interactions: interactions.csv, interactions.tsv", "keep one"],
    ),
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Hold one good data set already."""
    found = Catalog(tmp_path / "state")
    (tmp_path / "good.csv").write_text(GOOD)
    found.register(read_source(tmp_path / "good.csv"), "good")
    return found


def held(folder: Path) -> dict[str, bytes]:
    """Every path under the folder, with the content of the files."""
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_in_one_sentence_and_changes_nothing(case: str, catalog: Catalog, tmp_path: Path):
    path, wanted = REFUSED[case][0](Given(tmp_path)), REFUSED[case][1]
    before = held(tmp_path / "state")
    with pytest.raises(BadInput, match=wanted[0]) as caught:
        catalog.register(read_source(path), "new")
    sentence = str(caught.value)
    for part in wanted:
        assert re.search(part, sentence), sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert held(tmp_path / "state") == before


def test_a_line_of_100_mb_is_refused_without_reading_it(catalog: Catalog, tmp_path: Path):
    path = tmp_path / "long.csv"
    with open(path, "wb") as file:
        file.write(b"user_id,item_id\nu,i\n")
        for _ in range(100):
            file.write(b"x" * (1 << 20))
    before, state = _peak_memory(), held(tmp_path / "state")
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match=r"long\.csv, row 3: a line is longer than 1 MB.*'xxx.*write one row a line"):
            catalog.register(read_source(path), "new")
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    assert _peak_memory() - before < 50 << 20
    assert held(tmp_path / "state") == state


def _peak_memory() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def test_the_largest_line_that_is_taken_is_read_whole(tmp_path: Path):
    title = "t" * ((1 << 20) - 100)
    path = Given(tmp_path).folder(items_csv=f"item_id,title\ni1,{title}\ni2,b\n")
    dataset, _ = build(read_source(path), "x")
    assert dataset.items["title"].tolist() == [title, "b"]


def test_a_zip_that_would_unpack_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("u.data", "1\t1\t1\t1\n" * 100_000)
    with pytest.raises(BadInput, match=r"bomb\.zip: the archive would unpack to 800,000 bytes.*import the folder"):
        Members(path, largest=100_000)
    assert "u.data" in Members(path, largest=800_000)


def test_a_member_that_is_damaged_is_refused(tmp_path: Path):
    path = tmp_path / "ml-100k.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ml-100k/u.data", "1\t1\t5\t100\n" * 10)
        archive.writestr("ml-100k/u.item", "")
    path.write_bytes(path.read_bytes().replace(b"1\t1\t5\t100\n1\t1", b"1\t1\t5\t100\n1\t2", 1))
    with pytest.raises(BadInput, match=r"u\.data: the file cannot be read \(Bad CRC-32.*download it again"):
        read_source(path)


@pytest.mark.parametrize(
    ("content", "warning"),
    [
        ("user_id,item_id\nu,i\nu,j\n", "There is one user, so groups cannot be compared."),
        ("user_id,item_id\nu,i\nv,i\n", "There is one item, so nothing can be ranked."),
        ("user_id,item_id\nu,i\n", "There are no timestamps, so data cannot be split by time."),
        ("user_id,item_id\nu,i\n", "There are no values, so every interaction counts as 1."),
    ],
)
def test_small_data_is_taken_with_a_word_about_what_it_cannot_do(catalog: Catalog, tmp_path: Path, content, warning):
    dataset = catalog.register(read_source(Given(tmp_path).file("a.csv", content)), "small")
    assert warning in dataset.warnings
    assert catalog.open("small").interactions.hash == dataset.interactions.hash
    assert warning not in build(read_source(tmp_path / "good.csv"), "good")[0].warnings


def test_digit_ids_are_the_same_as_text_and_as_numbers(tmp_path: Path):
    given = Given(tmp_path)
    numbers = {"user_id": [10, 9, 9], "item_id": [130, 7, 130], "value": [1.0, 2.0, 3.0]}
    ways = [
        given.file("a.csv", "user_id,item_id,value\n10,130,1\n9,7,2\n9,130,3\n"),
        given.file("quoted.csv", 'user_id,item_id,value\n"10","130",1\n"9"," 7 ",2\n9,130,3.0\n'),
        given.parquet("ints.parquet", **numbers),
        given.parquet("texts.parquet", **{k: [f"{v:g}" for v in numbers[k]] for k in numbers}),
        given.parquet("floats.parquet", **{k: [float(v) for v in numbers[k]] for k in numbers}),
        given.parquet("gaps.parquet", **{**numbers, "user_id": pd.array([10, 9, 9], dtype="Int64")}),
    ]
    results = [build(read_source(path), "x")[0].interactions for path in ways]
    assert results[0].users.values.tolist() == ["9", "10"]
    assert {result.hash for result in results} == {results[0].hash}


def test_leading_zeros_are_part_of_an_id(tmp_path: Path):
    path = Given(tmp_path).file("a.csv", "user_id,item_id\n007,1\n7,1\n")
    assert build(read_source(path), "x")[0].interactions.users.values.tolist() == ["007", "7"]


def table(text: str) -> RawTable:
    rows = [line.split(",") for line in text.split()]
    return RawTable(pd.DataFrame(rows[1:], columns=rows[0], dtype="str").replace("", np.nan), "given.csv")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("user_id,item_id u,i", r"given\.csv, column 'rank': the lists have neither a rank nor a score.*add a column"),
        ("user_id,rank u,1", r"given\.csv, column 'item_id': this column is missing; there are: user_id, rank"),
        (
            "user_id,item_id,rank u,i,0",
            r"row 2, column 'rank': .*whole number from 1 on \(given: '0'\); count ranks from 1",
        ),
        ("user_id,item_id,rank u,i,1 u,j,1.5", r"row 3, column 'rank': .*\(given: '1.5'\)"),
        ("user_id,item_id,rank u,i,1 u,j,", r"row 3, column 'rank': the number is missing"),
        ("user_id,item_id,rank u,i,1 u,i,2", r"row 3, column 'user_id, item_id': this pair is in row 2 already"),
        ("user_id,item_id,list_id,rank u,i,a,1 u,i,b,1 u,i,a,2", r"row 4.*is in row 2 already"),
        ("user_id,item_id,rank u,i,1 v,i,1 u,j,1", r"row 4, column 'user_id, rank'.*in row 2 already.*one item"),
        ("user_id,item_id,score u,i,x", r"row 2, column 'score': this is not a number \(given: 'x'\)"),
        ("user_id,item_id,score u,i,", r"row 2, column 'score': the number is missing"),
        ("user_id,item_id,rank", r"given\.csv: the table has no rows"),
    ],
)
def test_lists_of_another_system_are_refused_with_the_row(text: str, sentence: str):
    with pytest.raises(BadInput, match=sentence):
        recommendations(table(text))


def test_ranks_are_made_from_scores_and_ties_go_to_the_smaller_id():
    lists = recommendations(table("user_id,item_id,score u,10,1 u,9,1 u,8,3 v,1,0 u,7,-1"))
    assert lists["rank"].tolist() == [3, 2, 1, 1, 4]
    assert lists[SCORE].tolist() == [1, 1, 3, 0, -1]


def test_ranks_that_skip_are_kept_and_lists_are_told_apart():
    lists = recommendations(table("user_id,item_id,rank,list_id,context u,i,1,a,x u,j,5,a, u,i,2,b,x"))
    assert lists["rank"].tolist() == [1, 5, 2]
    assert lists["context"].isna().tolist() == [False, True, False]


def test_outcomes_are_pairs_once_each():
    assert outcomes(table("user_id,item_id,value u,i,5 u,j,x")).columns.tolist() == [USER, ITEM]
    with pytest.raises(BadInput, match=r"given\.csv, row 4, column 'user_id, item_id': this pair is in row 2 already"):
        outcomes(table("user_id,item_id u,i u,j u,i"))


def test_files_of_lists_are_read_by_their_usual_names(tmp_path: Path):
    path = Given(tmp_path).file("lists.tsv", "userId\tmovieId\tposition\n1\t007\t1\n")
    assert recommendations(read_known(path, Table.RECOMMENDATIONS)).values.tolist() == [["1", "007", 1]]


def test_build_refuses_what_a_loader_declared_wrongly():
    raw = table("user_id,item_id u,i")
    users = table("user_id,sex u,f")
    with pytest.raises(BadInput, match=r"column 'sex': this role is not known \(given: 'xyz'\); use one of: sensitive"):
        build(Source(raw, users=users, roles={"sex": "xyz"}), "x")  # type: ignore[dict-item]
    with pytest.raises(BadInput, match=r"column 'gender': this is declared as an attribute.*there are: user_id, sex"):
        build(Source(raw, users=users, roles={"gender": Role.SENSITIVE}), "x")
    with pytest.raises(BadInput, match=r"column 'genre': this is declared as a content column.*there are: none"):
        build(Source(raw, kinds={"genre": Kind.MULTI}), "x")


@pytest.mark.parametrize("name", ["", "Upper", "../up", "a/b", ".hidden", "x" * 65, "a b"])
def test_a_name_that_is_no_name_is_refused(catalog: Catalog, tmp_path: Path, name: str):
    before = held(tmp_path / "state")
    with pytest.raises(BadInput, match=r"cannot have this name.*use up to 64 of a-z"):
        catalog.register(read_source(tmp_path / "good.csv"), name)
    with pytest.raises(SightglassError, match="There is no data set"):
        catalog.open(name)
    assert held(tmp_path / "state") == before


def test_a_value_that_is_long_or_has_line_breaks_is_shown_short(tmp_path: Path):
    path = Given(tmp_path).file("a.csv", f'user_id,item_id,{VALUE}\nu,i,"{"long " * 50}\nend"\n')
    with pytest.raises(BadInput) as caught:
        build(read_source(path), "x")
    assert len(str(caught.value)) < 300 + len(str(path))
    assert "\n" not in str(caught.value)
