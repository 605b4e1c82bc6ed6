"""The rooms of the house: who may import whom, held from the first day."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {
    "data": {"data"},
    "audit": {"audit", "data"},
    "models": {"models", "audit", "data"},
    "app": {"app", "models", "audit", "data"},
}
ROOMS = set(ALLOWED)


def sources(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, wherever in the file, with the line."""
    yield from imports_of(path.read_text())


def imports_of(code: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            yield module, node.lineno
            yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)


def offences(room: str, found: Iterator[tuple[str, int]]) -> list[tuple[str, int]]:
    return [(name, line) for name, line in found if (top := name.split(".")[0]) in ROOMS and top not in ALLOWED[room]]


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_imports_go_one_way(room: str) -> None:
    assert sources(room), f"{room}/ holds no code"
    broken = {str(path.relative_to(ROOT)): bad for path in sources(room) if (bad := offences(room, imports(path)))}
    assert not broken


def test_the_rule_can_fail() -> None:
    assert offences("audit", imports_of("def f():\n    from models.base import Recommender\n"))
    assert offences("data", imports_of("import audit.groups"))
    assert not offences("app", imports_of("import audit.groups"))


def users_of(module: str) -> set[str]:
    """Files of the four rooms that import a module or anything in it."""
    return {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in sources(room)
        if any(name == module or name.startswith(f"{module}.") for name, _ in imports(path))
    }


def test_streamlit_stays_under_app() -> None:
    assert all(file.startswith("app/") for file in users_of("streamlit"))


def test_plotly_is_drawn_in_one_place() -> None:
    assert users_of("plotly") <= {"app/charts.py"}


def test_no_model_reads_sensitive_attributes() -> None:
    assert not [file for file in users_of("data.keep.sensitive") if file.startswith(("models/", "audit/"))]


@pytest.mark.parametrize("module", ["pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"])
def test_nothing_unpickles(module: str) -> None:
    assert not users_of(module)


def calls(path: Path, names: set[str]) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "st"
        if node.attr in names
    ]


@pytest.mark.parametrize(
    ("names", "home"),
    [({"cache_data", "cache_resource"}, "app/cached.py"), ({"session_state", "query_params"}, "app/scope.py")],
)
def test_caching_and_state_have_one_home(names: set[str], home: str) -> None:
    used = {str(path.relative_to(ROOT)) for path in sources("app") if calls(path, names)}
    assert used <= {home}


def test_no_file_of_app_hides_a_room() -> None:
    # `streamlit run app/main.py` puts app/ first on the path: app/data.py would replace the package data
    assert not [name for name in ROOMS | {"tests"} if (ROOT / "app" / f"{name}.py").exists()]
    assert not (ROOT / "app" / "pages").exists(), "Streamlit would serve app/pages past st.navigation"


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_the_room_imported_is_ours(room: str) -> None:
    module = importlib.import_module(room)
    assert Path(str(module.__file__)).resolve().is_relative_to(ROOT)
