"""One person's whole way in a real browser, from arriving to being forgotten with a proof that holds without us."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.workspace import opened
from tests import doors
from tests.browser import chromium, dashboard

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
READY = 60_000


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[tuple[Any, str, Path]]:
    home = doors.copy_of_small_world(tmp_path_factory.getbasetemp(), tmp_path / "served" / "state")
    with chromium() as browser, dashboard(home) as address:
        context = browser.new_context(viewport={"width": 1360, "height": 1000}, accept_downloads=True)
        yield context.new_page(), address, home
        context.close()


def settled(tab: Any) -> None:
    tab.wait_for_timeout(500)
    tab.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=READY)


def press(tab: Any, name: str) -> None:
    tab.get_by_role("button", name=name, exact=True).first.click()
    settled(tab)


def titles(tab: Any) -> list[str]:
    rows = tab.locator("[data-testid=stRadio] label p", has_text=re.compile(r"^\d+\. ")).all_inner_texts()
    return [re.sub(r"^\d+\. ", "", row) for row in rows]


def saved(tab: Any, button: str, path: Path) -> Path:
    with tab.expect_download(timeout=READY) as waiting:
        tab.get_by_role("button", name=button).click()
    waiting.value.save_as(path)
    return path


def begins(tab: Any, address: str) -> tuple[str, str, list[str]]:
    """Arrive, read the notice, say what one likes; returns the new id, the category and the titles."""
    tab.goto(f"{address}/start")
    tab.get_by_text("What do you like?").wait_for(timeout=READY)
    settled(tab)
    tab.get_by_text("What is done with it").click()
    tab.get_by_text(re.compile("If you say no")).wait_for()
    category = tab.get_by_test_id("stButtonGroup").first.get_by_role("button").first
    genre = category.inner_text()
    category.click()
    settled(tab)
    picks = tab.get_by_test_id("stButtonGroup").last.get_by_role("button")
    liked = [picks.nth(place).inner_text() for place in (0, 2)]
    for title in liked:
        tab.get_by_role("button", name=title, exact=True).click()
        settled(tab)
    press(tab, "Make my list")
    person = re.search(r"new-[0-9a-f]+", tab.get_by_text(re.compile("Your list is ready")).inner_text())
    assert person is not None
    return person.group(), genre, liked


def asks_and_changes(tab: Any, genre: str, liked: list[str]) -> None:
    """A list at once with its reasons; one choice taken out; the slider, shown before it is kept; and off."""
    tab.get_by_role("link", name="See my list and why").click()
    tab.get_by_text("Your list: pick a title").wait_for(timeout=READY)
    settled(tab)
    first = titles(tab)
    assert len(first) == 10
    assert not set(first) & set(liked)
    tab.get_by_text(re.compile(r"Because you chose “|What speaks most for it")).first.wait_for()
    assert tab.get_by_text(genre).count()
    tab.get_by_role("button", name="Don't use this").first.click()
    settled(tab)
    assert titles(tab) != first
    thumb = tab.get_by_role("slider").first
    thumb.focus()
    for _ in range(14):
        thumb.press("ArrowRight")
    settled(tab)
    tab.get_by_text(re.compile("of your titles (is|are) swapped")).wait_for()
    press(tab, "Keep this")
    tab.get_by_text("(your own setting)").wait_for()
    tab.get_by_text("Personalise my list").click()
    tab.get_by_text("Your list is not personalised").wait_for(timeout=READY)
    settled(tab)


def takes_along(tab: Any, address: str, who: str, folder: Path) -> None:
    """Everything that is held, and what can be taken along."""
    tab.goto(f"{address}/my_data?person={who}")
    tab.get_by_text("What is held").first.wait_for(timeout=READY)
    settled(tab)
    everything = saved(tab, "Everything that is held", folder / "mine.zip")
    with zipfile.ZipFile(everything) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["tables"]["interactions"]["rows"] == 2
    assert saved(tab, "To take along", folder / "along.zip").stat().st_size


def is_forgotten(tab: Any, folder: Path) -> Path:
    """Read what goes and what stays, and go; returns the certificate."""
    tab.locator("[data-testid=stRadio] label", has_text="Erase").click()
    settled(tab)
    tab.get_by_text("I have read what goes and what stays.").click()
    settled(tab)
    press(tab, "Erase everything about me")
    tab.get_by_text(re.compile("You are in no table and no model any more")).wait_for(timeout=READY)
    settled(tab)
    return saved(tab, "Certificate", folder / "certificate.json")


def test_arrive_choose_ask_change_switch_off_take_along_and_be_forgotten(
    served: tuple[Any, str, Path], tmp_path: Path
) -> None:
    tab, address, home = served
    who, genre, liked = begins(tab, address)
    asks_and_changes(tab, genre, liked)
    takes_along(tab, address, who, tmp_path)
    certificate = is_forgotten(tab, tmp_path)
    assert who not in certificate.read_text()
    told = verified(certificate)
    assert told["ok"], told
    with opened(home) as workspace:
        assert who not in workspace.catalog.open("demo").interactions.users
    broken = json.loads(certificate.read_text())  # one changed character, and it does not hold
    broken["executed_at"] = broken["executed_at"].replace("20", "21", 1)
    certificate.write_text(json.dumps(broken))
    assert not verified(certificate)["ok"]


def verified(path: Path) -> dict[str, Any]:
    """What `sightglass verify` says in a process of its own, with a state folder that knows nothing."""
    command = [str(Path(sys.executable).with_name("sightglass")), "verify", str(path), "--json"]
    surroundings = {"SIGHTGLASS_HOME": str(path.parent / "elsewhere"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, env=surroundings, check=False)
    return dict(json.loads(done.stdout))
