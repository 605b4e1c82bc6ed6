"""The dashboard in a real browser: it opens, stays on this machine, answers the keyboard, and can be used by everybody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from data.keep.verifier import verify_path
from tests.browser import chromium, dashboard

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = {
    "": "Your list",
    "audit": "How this was measured",
    "diversity": "Save as the default",
    "explanations": "How good are the reasons, and for whom",
    "yardstick": "This page shows that definitions are computed as written",
}
READY = 180_000  # the first audit of 2,000 people is made while the page waits, on a machine that may be busy
# said by the browser of Streamlit's own page: our policy blocks its one inline script, without harm
_INLINE = re.compile(r"inline script|script-src")
# asked for by Streamlit's own page relative to a deep link, before it knows where it is
_DEEP_LINK = re.compile(r"/(audit|diversity|explanations|yardstick)/_stcore/(health|host-config)$")
# what Streamlit's own elements break and no setting of ours can mend: the rule, and the element that breaks it
KNOWN = (
    # in the dark the slider's number has the primary colour (3.9 : 1). A lighter one would mend it and break the white
    # text on primary buttons: no colour has 4.5 : 1 to both white and the dark background
    ("color-contrast", "[data-testid=stSlider]"),
)


@dataclass
class Visit:
    """A browser tab that notes what went wrong and whom it spoke to."""

    tab: Any
    address: str
    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def open(self, name: str = "", query: str = "") -> None:
        """Open a page and wait until its last part is there and nothing runs any more."""
        self.tab.goto(f"{self.address}/{name}{query}")
        self.ready(PAGES[name])

    def ready(self, words: str) -> None:
        self.tab.get_by_text(words).first.wait_for(timeout=READY)
        self.settled()

    def settled(self) -> None:
        """Wait until the script has run to its end."""
        self.tab.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=READY)
        assert self.tab.locator("[data-testid=stException]").count() == 0

    def answered(self) -> None:
        """Wait until what was just done has been answered."""
        self.tab.wait_for_timeout(600)
        self.settled()

    def pick(self, box: str, text: str = "", nth: int = 0) -> None:
        """Choose from a box of titles, by what is typed or by place."""
        field = self.tab.get_by_test_id("stMain").get_by_role("combobox", name=box, exact=True)
        field.scroll_into_view_if_needed()
        self.tab.wait_for_timeout(400)  # a box that is scrolled closes
        field.click()
        if text:
            field.fill(text)
        self.tab.get_by_role("option").nth(nth).click()
        self.answered()

    def list(self) -> list[str]:
        """The titles of the list to pick from."""
        return self.tab.locator("[data-testid=stRadio] label p", has_text=re.compile(r"^\d+\. ")).all_inner_texts()

    def picked(self) -> str:
        """The title that is marked in the list."""
        chosen = self.tab.locator("[data-testid=stRadio] label:has(input:checked) p", has_text=re.compile(r"^\d+\. "))
        return re.sub(r"^\d+\. ", "", chosen.inner_text(timeout=2000))

    def explained(self) -> str:
        """The title that the panel is about."""
        return re.sub("^Why “|”\\?$", "", self.tab.get_by_text(re.compile("^Why “.+”\\?$")).inner_text())

    def move_slider(self, key: str, times: int) -> None:
        """Move the slider of the page by the keyboard, and wait for the answer."""
        thumb = self.tab.get_by_role("slider").first
        thumb.focus()
        for _ in range(times):
            thumb.press(key)
        self.tab.wait_for_timeout(400)
        self.settled()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str, Path]]:
    home = tmp_path_factory.mktemp("browser") / "state"
    with chromium() as browser, dashboard(home) as address:
        yield browser, address, home


@pytest.fixture
def visit(served: tuple[Any, str, Path], request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A visitor with an empty browser; at the end nothing went wrong and no other machine was asked for anything."""
    browser, address, _ = served
    context = browser.new_context(**getattr(request, "param", {"viewport": {"width": 1360, "height": 1000}}))
    tab = context.new_page()
    seen = Visit(tab, address)
    context.on("request", lambda asked: seen.hosts.add(urlsplit(asked.url).hostname or urlsplit(asked.url).scheme))
    tab.on("console", lambda said: note(seen, said) if said.type == "error" else None)
    tab.on("pageerror", lambda error: seen.errors.append(str(error)))
    yield seen
    context.close()
    assert seen.errors == []
    assert seen.hosts <= {"127.0.0.1", "data", "blob"}
    assert "127.0.0.1" in seen.hosts


def note(seen: Visit, said: Any) -> None:
    where = said.location.get("url", "")
    harmless = _INLINE.search(said.text) or ("404" in said.text and _DEEP_LINK.search(where))
    if not harmless:
        seen.errors.append(f"{said.text} ({where})")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_by_its_address(visit: Visit, name: str) -> None:
    visit.open(name)
    assert visit.tab.title()


def test_the_pages_are_reached_by_the_navigation(visit: Visit) -> None:
    visit.open()
    for name, words in (("Audit", PAGES["audit"]), ("Diversity", PAGES["diversity"]), ("For you", PAGES[""])):
        visit.tab.get_by_role("link", name=name).first.click()
        visit.ready(words)


def test_the_keyboard_moves_the_slider_and_the_list_answers(visit: Visit) -> None:
    visit.open(query="?person=u0003")
    before = visit.list()
    assert len(before) == 10
    visit.move_slider("ArrowRight", 12)
    assert visit.list() != before
    assert visit.tab.get_by_text("Budget: at most 30%").count()
    visit.tab.get_by_text(re.compile("of your titles (is|are) swapped")).wait_for()
    visit.tab.get_by_role("button", name="Keep this").click()
    visit.tab.get_by_text("(your own setting)").wait_for()
    visit.move_slider("Home", 1)
    assert visit.list() == before
    visit.tab.get_by_role("button", name="Follow the default again").click()
    visit.tab.get_by_text("(the default)").wait_for()


def test_the_reasons_can_be_read_and_their_table_opened(visit: Visit) -> None:
    visit.open(query="?person=u0004")
    sentence = visit.tab.get_by_text(re.compile(r"Because you chose “.+”.*: (together )?\d+ % of what speaks for it\."))
    first = sentence.inner_text()
    visit.tab.locator("[data-testid=stRadio] label").nth(3).click()
    visit.tab.wait_for_timeout(400)
    visit.settled()
    assert sentence.inner_text() != first
    visit.tab.get_by_text("As a table").first.click()
    visit.tab.get_by_text(re.compile("is the score")).wait_for()
    visit.tab.get_by_test_id("stDataFrame").first.wait_for()


def test_profiling_switched_off_stays_off_after_a_reload(visit: Visit) -> None:
    visit.open(query="?person=u0005")
    visit.tab.get_by_text("Personalise my list").click()
    visit.tab.get_by_text("Your list is not personalised").wait_for(timeout=READY)
    visit.settled()
    off = visit.tab.locator("[data-testid=stMain] strong").all_inner_texts()
    assert len(off) == 10
    visit.tab.reload()
    visit.tab.get_by_text("Your list is not personalised").wait_for(timeout=READY)
    visit.settled()
    assert visit.tab.locator("[data-testid=stMain] strong").all_inner_texts() == off
    assert not visit.tab.get_by_role("switch", name="Personalise my list").is_checked()


def violations(tab: Any) -> list[str]:
    """What axe finds serious or critical, but for what is known of Streamlit itself."""
    from axe_playwright_python.sync_playwright import Axe

    return [
        f"{rule['id']}: {node['html'][:160]}"
        for rule in Axe().run(tab).response["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
        if not any(rule["id"] == known and within(tab, node["target"][0], part) for known, part in KNOWN)
    ]


def within(tab: Any, element: str, part: str) -> bool:
    return bool(tab.locator(element).first.evaluate("(element, part) => element.closest(part) !== null", part))


def too_wide(tab: Any) -> int:
    """Pixels that the page would have to be scrolled sideways, when its charts have had the time to be drawn anew."""
    parts = "[document.scrollingElement, document.querySelector('[data-testid=stMain]')]"
    for _ in range(40):
        wide = int(max(tab.evaluate(f"{parts}.map(part => part.scrollWidth - part.clientWidth)")))
        if wide <= 0:
            break
        tab.wait_for_timeout(250)
    return wide


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("visit", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=str)
def test_light_and_dark_axe_finds_nothing_serious_and_a_phone_need_not_scroll_sideways(visit: Visit, name: str) -> None:
    visit.open(name)
    assert violations(visit.tab) == []
    visit.tab.set_viewport_size({"width": 390, "height": 844})
    visit.tab.wait_for_timeout(500)
    assert too_wide(visit.tab) <= 0
    assert violations(visit.tab) == []


def view_of(visit: Visit, name: str) -> None:
    """Choose one of the views of the panel by a click."""
    visit.tab.get_by_role("radiogroup", name="View").get_by_text(name, exact=True).click()
    visit.answered()


VIEWS = {
    "Reasons": r"Compared with an empty history",
    "What if": r"Without “.+” it .*Checked by scoring again",
    "People": r"people who chose what speaks loudest for it chose this title too\. .* rated it good",
    "Data": r"What was used",
}


def test_every_view_can_be_read(visit: Visit) -> None:
    visit.open(query="?person=u0006")
    main = visit.tab.get_by_test_id("stMain")
    for name, words in VIEWS.items():
        view_of(visit, name)
        assert main.get_by_text(re.compile(words)).first.is_visible(), name
    view_of(visit, "People")
    drawing = visit.tab.get_by_role("img", name=re.compile("rated the title good, in between and bad"))
    drawing.wait_for()
    assert drawing.locator("svg text").filter(has_text="rated it good").count() == 1
    counts = re.search(r"([\d,]+) rated it good, ([\d,]+) in between, ([\d,]+) bad", main.inner_text())
    assert counts
    labels = drawing.locator("svg text").all_text_contents()
    assert set(counts.groups()) <= set(labels), "the chart draws the numbers of the sentence"
    view_of(visit, "What if")
    assert main.get_by_text(re.compile(r"“.+” scores [\d.]+ more than “.+”")).first.is_visible()


def test_a_counterfactual_comes_true(visit: Visit) -> None:
    visit.open(query="?person=u0007")
    first = re.sub(r"^1\. ", "", visit.list()[0])
    main = visit.tab.get_by_test_id("stMain")
    said = main.get_by_text(re.compile(r"^Without “[^”]+” it would fall from place 1 to \d+")).first
    if not said.count():
        pytest.skip("for this person more than one choice stands behind the first title")
    promised = re.match(r"Without “([^”]+)” it would fall from place 1 to (\d+)", said.inner_text())
    assert promised
    visit.pick("Past choices not to use", promised[1])
    now = [re.sub(r"^\d+\. ", "", line) for line in visit.list()]
    place = int(promised[2])
    assert first not in now[: place - 1]
    assert place > 10 or now[place - 1] == first


def test_why_a_title_is_not_here_is_answered(visit: Visit) -> None:
    visit.open(query="?person=u0008")
    visit.tab.get_by_text("Why is a title not here?").click()
    visit.answered()
    visit.pick("Title", nth=1)
    answer = visit.tab.get_by_text(re.compile(r"It stands at place 12: [\d.]+ behind “.+”, the last on your list"))
    answer.wait_for()


def test_a_reason_is_taken_out_by_its_button_and_put_back(visit: Visit) -> None:
    visit.open(query="?person=u0009")
    before, first = visit.list(), visit.list()[0].removeprefix("1. ")
    taken = visit.tab.get_by_test_id("stMain").get_by_role("combobox", name="Past choices not to use", exact=True)
    group = visit.tab.get_by_test_id("stMultiSelect").first
    visit.tab.get_by_role("button", name="Don't use this").first.click()
    visit.answered()
    assert visit.list() != before
    assert visit.explained() == visit.picked(), "what is explained is what is marked in the list"
    assert group.get_by_test_id("stMultiSelectTagsContainer").inner_text().strip(), "it can be seen, and so be undone"
    taken.press("Backspace")
    visit.answered()
    assert visit.list() == before
    assert (visit.picked(), visit.explained()) == (first, first)


def test_the_picked_title_stays_marked_when_the_list_moves(visit: Visit) -> None:
    visit.open(query="?person=u0012")
    visit.tab.locator("[data-testid=stRadio] label", has_text=re.compile(r"^5\. ")).click()
    visit.answered()
    assert visit.explained() == visit.picked() == visit.list()[4].removeprefix("5. ")
    for key, times in (("ArrowRight", 10), ("ArrowRight", 10), ("Home", 1)):
        visit.move_slider(key, times)
        assert visit.explained() == visit.picked()


def test_the_receipt_of_a_list_is_downloaded_and_verifies(visit: Visit, tmp_path: Path) -> None:
    visit.open(query="?person=u0010")
    view_of(visit, "Data")
    with visit.tab.expect_download() as waiting:
        visit.tab.get_by_role("button", name="Receipt of this list").click()
    file = tmp_path / "receipt.json"
    waiting.value.save_as(file)
    assert waiting.value.suggested_filename == "sightglass-receipt.json"
    answer = verify_path(file)
    assert answer["ok"], answer
    listed = [f"{row['rank']}. {row['title']}" for row in json.loads(file.read_text())["list"]]
    assert listed == visit.list()
    file.write_text(file.read_text().replace(re.findall(r'"score": "?([\d.]+)', file.read_text())[0], "0.5", 1))
    assert not verify_path(file)["ok"]


@pytest.mark.parametrize("visit", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=str)
def test_every_view_in_light_and_dark_and_on_a_phone(visit: Visit) -> None:
    visit.open(query="?person=u0011")
    visit.tab.get_by_text("Why is a title not here?").click()
    visit.answered()
    for name in VIEWS:
        view_of(visit, name)
        visit.tab.set_viewport_size({"width": 1360, "height": 1000})
        visit.tab.wait_for_timeout(300)
        assert violations(visit.tab) == [], name
        visit.tab.set_viewport_size({"width": 390, "height": 844})
        visit.tab.wait_for_timeout(500)
        assert too_wide(visit.tab) <= 0, name
        assert violations(visit.tab) == [], name


def test_a_boost_is_seen_before_it_is_saved(visit: Visit) -> None:
    visit.open("diversity")
    visit.pick("Title")
    points = visit.tab.get_by_label("Points", exact=True)
    points.fill("0.3")
    points.press("Enter")
    visit.tab.get_by_text("Lists that change").wait_for(timeout=READY)
    visit.settled()
    assert visit.tab.get_by_text("Nothing is saved yet").count()
    assert violations(visit.tab) == []


def test_axe_can_find_something(visit: Visit) -> None:
    visit.open()
    visit.tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<button></button>')")
    assert any(line.startswith("button-name") for line in violations(visit.tab))


def test_a_page_that_is_too_wide_is_noticed(visit: Visit) -> None:
    visit.open()
    visit.tab.evaluate(
        "document.querySelector('[data-testid=stMainBlockContainer]')"
        ".insertAdjacentHTML('beforeend', '<div style=\"width: 3000px; height: 1px\"></div>')"
    )
    assert too_wide(visit.tab) > 0


def test_a_request_to_another_machine_is_noticed(visit: Visit) -> None:
    visit.open()
    visit.tab.evaluate("fetch('https://elsewhere.example/').catch(() => null)")
    visit.tab.evaluate("new Image().src = 'https://elsewhere.example/icon.svg'")
    visit.tab.wait_for_timeout(200)
    assert "elsewhere.example" in " ".join([*visit.hosts, *visit.errors])
    visit.errors.clear()
    visit.hosts.discard("elsewhere.example")
