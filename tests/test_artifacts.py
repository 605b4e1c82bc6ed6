"""Arrays of models: they come back as they were, whole or not at all, and never through pickle."""

from __future__ import annotations

import io
import json
import os
import pickle  # noqa: TID251 - to write the file that must be refused
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from data.errors import BadInput, SightglassError
from data.keep import artifacts
from data.keep.artifacts import load_arrays, load_manifest, save_artifact

ARRAYS = {
    "items": {"ids": np.array(["1", "É", ""]), "content:year": np.array([1.5, np.nan, -0.0])},
    "weights": {"b": np.arange(12.0).reshape(3, 4), "by_columns": np.asfortranarray(np.arange(12).reshape(3, 4))},
    "people": {"none": np.zeros((0, 5), np.int32), "alone": np.array(3)},
}
PLAIN = {"model": "linear", "settings": {"regularization": 2.5}}


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("memory_map", [False, True])
def test_everything_comes_back(tmp_path: Path, memory_map: bool) -> None:
    save_artifact(tmp_path / "m", ARRAYS, PLAIN)
    for stem, group in ARRAYS.items():
        back = load_arrays(tmp_path / "m", stem, memory_map)
        assert list(back) == list(group) or set(back) == set(group)
        assert all(same(back[name], array) for name, array in group.items())
    assert load_arrays(tmp_path / "m", "weights")["by_columns"].flags.f_contiguous
    manifest = load_manifest(tmp_path / "m")
    assert {key: manifest[key] for key in PLAIN} == PLAIN


dtypes = st.one_of(
    hnp.integer_dtypes(),
    hnp.floating_dtypes(),
    hnp.boolean_dtypes(),
    hnp.unicode_string_dtypes(max_len=5),
    hnp.complex_number_dtypes(),
)


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)), st.booleans(), st.booleans())
def test_any_array_comes_back(tmp_path_factory: pytest.TempPathFactory, array, turned: bool, memory_map: bool) -> None:
    folder = tmp_path_factory.mktemp("any") / "m"
    array = array.T[::2] if turned and array.ndim else array
    save_artifact(folder, {"a": {"x": array}}, {})
    back = load_arrays(folder, "a", memory_map)["x"]
    assert same(back, array)
    assert same(np.load(next(folder.glob("*.npy")), allow_pickle=False), array), "numpy reads it too"


def test_arrays_may_be_written_to_unless_mapped(tmp_path: Path) -> None:
    save_artifact(tmp_path / "m", ARRAYS, {})
    load_arrays(tmp_path / "m", "weights")["b"][0, 0] = 9
    mapped = load_arrays(tmp_path / "m", "weights", memory_map=True)["b"]
    assert isinstance(mapped, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        mapped[0, 0] = 9
    assert load_arrays(tmp_path / "m", "weights")["b"][0, 0] == 0


def test_equal_content_has_an_equal_digest(tmp_path: Path) -> None:
    digests = {save_artifact(tmp_path / name, ARRAYS, PLAIN) for name in ("one", "two")}
    other = {**ARRAYS, "weights": {"b": np.nextafter(ARRAYS["weights"]["b"], 99)}}
    assert len(digests) == 1
    assert save_artifact(tmp_path / "three", other, PLAIN) not in digests
    assert save_artifact(tmp_path / "four", ARRAYS, {**PLAIN, "model": "other"}) not in digests
    assert load_manifest(tmp_path / "one")["digest"] in digests


def load_all(folder: Path, memory_map: bool) -> dict[str, dict[str, np.ndarray]]:
    return {stem: load_arrays(folder, stem, memory_map) for stem in ARRAYS}


def flipped(path: Path, place: int, bit: int) -> bytes:
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    return bytes(content)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 30), st.integers(0, 10**6), st.integers(0, 7), st.booleans())
def test_one_changed_bit_is_refused(shared: Path, file: int, place: int, bit: int, memory_map: bool) -> None:
    path = sorted(shared.iterdir())[file % len(list(shared.iterdir()))]
    whole = path.read_bytes()
    path.write_bytes(flipped(path, place, bit))
    try:
        with pytest.raises(BadInput) as refused:
            load_all(shared, memory_map)
        assert path.name in str(refused.value)
        assert "train it again" in str(refused.value)
    finally:
        path.write_bytes(whole)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared") / "m"
    save_artifact(folder, ARRAYS, PLAIN)
    return folder


def test_a_manifest_with_other_white_space_is_refused(tmp_path: Path) -> None:
    save_artifact(tmp_path / "m", ARRAYS, PLAIN)
    path = tmp_path / "m" / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"\n ", b"\n\t", 1))
    with pytest.raises(BadInput, match=r"manifest\.json: the file has changed"):
        load_manifest(tmp_path / "m")


@pytest.mark.parametrize("memory_map", [False, True])
def test_a_cut_or_longer_file_is_refused(tmp_path: Path, memory_map: bool) -> None:
    save_artifact(tmp_path / "m", ARRAYS, {})
    path = tmp_path / "m" / load_manifest(tmp_path / "m")["arrays"]["weights"]["b"]["file"]
    whole = path.read_bytes()
    for content in (whole[:-1], whole + b"\0", b""):
        path.write_bytes(content)
        with pytest.raises(BadInput, match="has changed since it was written"):
            load_arrays(tmp_path / "m", "weights", memory_map)
    path.unlink()
    with pytest.raises(SightglassError, match="is missing; train the model again"):
        load_arrays(tmp_path / "m", "weights", memory_map)
    with pytest.raises(SightglassError, match="was replaced while it was read"):
        load_arrays(tmp_path / "m", "weights", memory_map, manifest=load_manifest(tmp_path / "m"))
    with pytest.raises(SightglassError, match=r"manifest\.json is missing; train the model again"):
        load_manifest(tmp_path / "nowhere")


@pytest.mark.parametrize("array", [np.array([{}], dtype=object), np.zeros(2, dtype=[("a", "O")])])
def test_objects_are_not_written(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(BadInput, match="cannot be stored without pickle"):
        save_artifact(tmp_path / "m", {"weights": {"x": array}}, {})
    assert not list(tmp_path.iterdir())


class Bomb:
    """What a pickled array may do when it is read."""

    def __reduce__(self):
        return os.mkdir, ("went-off",)


@pytest.mark.parametrize("memory_map", [False, True])
def test_objects_are_not_read_even_when_the_hashes_are_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory_map: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    content = buffer.getvalue() + pickle.dumps(np.array([Bomb()], dtype=object))
    save_artifact(tmp_path / "m", {"weights": {"x": np.zeros(3)}}, {})
    manifest = load_manifest(tmp_path / "m")
    about = manifest["arrays"]["weights"]["x"]
    (tmp_path / "m" / about["file"]).write_bytes(content)
    about["sha256"], about["size"] = artifacts.hashlib.sha256(content).hexdigest(), len(content)
    manifest["digest"] = artifacts._digest(manifest)
    (tmp_path / "m" / "manifest.json").write_bytes(artifacts._layout(manifest))
    with pytest.raises((BadInput, ValueError)):
        load_arrays(tmp_path / "m", "weights", memory_map)
    assert not (tmp_path / "went-off").exists()


def test_a_new_state_takes_the_place_of_the_old_and_leaves_none_of_it(tmp_path: Path) -> None:
    save_artifact(tmp_path / "m", ARRAYS, PLAIN)
    old = {path.name for path in (tmp_path / "m").glob("*.npy")}
    kept = load_arrays(tmp_path / "m", "weights", memory_map=True)
    pinned = load_manifest(tmp_path / "m")
    after = {**ARRAYS, "people": {"ids": np.array(["left"])}}
    save_artifact(tmp_path / "m", after, PLAIN)
    assert load_arrays(tmp_path / "m", "people")["ids"].tolist() == ["left"]
    listed = {about["file"] for group in load_manifest(tmp_path / "m")["arrays"].values() for about in group.values()}
    assert {path.name for path in (tmp_path / "m").iterdir()} == listed | {"manifest.json"}
    assert old - listed, "the former rows of people are gone"
    assert same(kept["b"], ARRAYS["weights"]["b"]), "who has the old one open still reads it"
    with pytest.raises(SightglassError, match="was replaced while it was read; try again"):
        load_arrays(tmp_path / "m", "people", manifest=pinned)


@pytest.mark.parametrize("there", [False, True])
def test_a_save_that_dies_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    if there:
        save_artifact(tmp_path / "m", ARRAYS, PLAIN)
    real = artifacts.write_whole

    def dies(path: Path, *rest: object, **named: object) -> None:
        if path.name == "manifest.json":
            raise OSError("the disk is full")
        real(path, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(artifacts, "write_whole", dies)
    with pytest.raises(OSError, match="the disk is full"):
        save_artifact(tmp_path / "m", {"weights": {"b": np.ones(3)}}, {})
    monkeypatch.undo()
    assert (tmp_path / "m").exists() == there
    if there:
        assert same(load_arrays(tmp_path / "m", "weights")["b"], ARRAYS["weights"]["b"])
        save_artifact(tmp_path / "m", ARRAYS, PLAIN)
        assert len(list((tmp_path / "m").glob("*.npy"))) == sum(map(len, ARRAYS.values())), "swept by the next save"


def test_files_are_private_and_the_manifest_tells_them(tmp_path: Path) -> None:
    save_artifact(tmp_path / "m", ARRAYS, PLAIN)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "m").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o700
    listed = json.loads((tmp_path / "m" / "manifest.json").read_bytes())["arrays"]
    for group in listed.values():
        for about in group.values():
            content = (tmp_path / "m" / about["file"]).read_bytes()
            assert about["size"] == len(content)
            assert about["sha256"] == artifacts.hashlib.sha256(content).hexdigest()


def test_names_that_could_leave_the_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot name a group"):
        save_artifact(tmp_path / "m", {"../out": {"x": np.ones(1)}}, {})
    with pytest.raises(ValueError, match="writes 'digest' itself"):
        save_artifact(tmp_path / "m", {}, {"digest": "x"})
