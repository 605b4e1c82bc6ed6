"""Who a visitor is, and what their browser asks for, as a real server reads it from the headers of the connection."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from app.workspace import opened
from tests import doors
from tests.browser import dashboard

OWN, OTHER = "u0007", "u0021"


@pytest.fixture(scope="module")
def open_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    home = tmp_path_factory.mktemp("open") / "state"
    doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home)
    with dashboard(home) as address:
        yield address, home


@pytest.fixture(scope="module")
def known_ones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    home = tmp_path_factory.mktemp("known") / "state"
    shutil.copytree(doors.copy_of_small_world(tmp_path_factory.getbasetemp(), home.parent / "first"), home)
    with dashboard(home, "--person-header", "X-Remote-User") as address:
        yield address, home


def page(address: str, query: str = "", **headers: str) -> str:
    """Every word of the page that a visitor with these headers is sent."""
    said: list[str] = []
    url = address.replace("http://", "ws://") + "/_stcore/stream"
    with connect(url, additional_headers=headers, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[list-item]
        ask = BackMsg()
        ask.rerun_script.query_string = query
        socket.send(ask.SerializeToString())
        while True:
            message = ForwardMsg.FromString(socket.recv(timeout=60))
            if message.WhichOneof("type") == "script_finished":
                return "\n".join(said)
            said.append(str(message).encode("latin-1", "backslashreplace").decode("unicode_escape", "replace"))


def test_the_signal_of_a_browser_gives_the_list_that_is_the_same_for_all(open_one: tuple[str, Path]) -> None:
    address, _ = open_one
    usual = page(address, f"data=demo&person={OWN}")
    assert "Your list: pick a title" in usual
    signalled = page(address, f"data=demo&person={OWN}", **{"Sec-GPC": "1"})
    assert "Your browser asks us not to profile you" in signalled
    assert "Your list: pick a title" not in signalled
    assert "Your list: pick a title" in page(address, f"data=demo&person={OWN}", **{"Sec-GPC": "0"})


def test_a_known_visitor_sees_their_own_list_and_no_page_of_the_staff(known_ones: tuple[str, Path]) -> None:
    address, _ = known_ones
    told = page(address, "data=demo", **{"X-Remote-User": OWN})
    assert f"You are {OWN}" in told
    assert "Your list: pick a title" in told
    assert "For you" in told
    assert "Diversity" not in told
    assert OTHER not in told


def test_a_link_about_somebody_else_is_refused_and_recorded(known_ones: tuple[str, Path]) -> None:
    address, home = known_ones
    told = page(address, f"data=demo&person={OTHER}", **{"X-Remote-User": OWN})
    assert "This link is about somebody else" in told
    assert "Your list" not in told
    with opened(home) as workspace:
        entries = workspace.log.entries(kind="refusal")
        assert [entry.detail["what"] for entry in entries][-1:] == ["link"]
        assert OTHER not in json.dumps([entry.detail for entry in entries])


def test_a_visitor_whom_the_server_does_not_know_sees_nothing(known_ones: tuple[str, Path]) -> None:
    address, _ = known_ones
    told = page(address, f"data=demo&person={OTHER}")
    assert "it does not know who you are" in told
    assert "Your list" not in told


def test_somebody_without_records_is_shown_where_to_begin(known_ones: tuple[str, Path]) -> None:
    address, _ = known_ones
    assert "Begin on the page New here" in page(address, "data=demo", **{"X-Remote-User": "somebody new"})
