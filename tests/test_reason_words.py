"""The sentences of an explanation: made of its own parts, with shares that anybody can recompute, in plain English."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import difference_words, reason_words
from app.text import literal
from app.use_cases.choosing import exclude, set_profiling
from app.use_cases.explaining import Asked, explain
from app.use_cases.personal import PersonalList
from app.workspace import opened
from models.explanation import Breakdown, Counterfactual, Exactness, Explanation, Part
from models.why.contrast import Contrast, contrast
from models.why.missing import Change, Missing
from tests import doors

_MARKUP = re.compile(r"(?<!\\)([*_`\[\]()<>#$:~|!])")
NAMES = {"a": "Alpha", "b": "Beta", "c": "Gamma", "d": "Delta", "e": "Epsilon"}


def told(*parts: Part, kind: Exactness = Exactness.EXACT, **more: object) -> Explanation:
    given = {"model": "linear", "user": "me", "item": "x", "base": 0.0, "background": "an empty history", **more}
    score = float(given["base"]) + sum(part.value for part in parts)  # type: ignore[arg-type]
    return Explanation(score=score, parts=tuple(parts), kind=kind, **given)  # type: ignore[arg-type]


def item(name: str, value: float) -> Part:
    return Part("item", name, NAMES[name], value)


# -- the first sentence ----------------------------------------------------------------------------


def test_the_share_is_that_of_the_named_choices_in_all_that_speaks_for_it() -> None:
    words = reason_words.sentence(told(item("a", 5), item("b", 3), item("c", 1.5), item("d", 0.5), item("e", -4)))
    assert words == "Because you chose “Alpha”, “Beta” and “Gamma”: together 95 % of what speaks for it."
    assert reason_words.sentence(told(item("a", 2), item("b", -9))) == (
        "Because you chose “Alpha”: 100 % of what speaks for it."
    )


def test_what_the_slider_and_boosts_add_is_part_of_what_speaks_for_it() -> None:
    parts = (item("a", 3), item("b", 1), Part("slider", "slider", "less known", 2), Part("boost", "item:x", "ours", 2))
    assert (
        reason_words.sentence(told(*parts))
        == "Because you chose “Alpha” and “Beta”: together 50 % of what speaks for it."
    )


def test_a_small_share_is_not_rounded_to_nothing() -> None:
    many = [Part("item", str(n), f"Title {n}", 1.0) for n in range(1000)]
    assert "together less than 1 % of what speaks for it" in reason_words.sentence(told(*many))


SLIDER, ALIKE = Part("slider", "slider", "less known", 3), "people who rate as you do"
STRONGEST = {
    "slider": (
        [SLIDER, item("a", 1)],
        "Because you asked for more surprising titles: the slider is the strongest reason.",
    ),
    "boost": (
        [Part("boost", "item:x", "our pick", 3), item("a", 1)],
        "Because the operator boosts it (“our pick”): 75 % of what speaks for it.",
    ),
    "policy": (
        [Part("policy", "p", "more local films", 3), item("a", 1)],
        "Because the operator boosts it (“more local films”): 75 % of what speaks for it.",
    ),
    "people": (
        [Part("neighbours", "n", ALIKE, 0.2)],
        "Because people who rate as you do rated it above what is usual for it.",
    ),
    "chance": ([Part("term", "chance", "drawn at random", 0.2)], "By chance: this model draws titles at random."),
    "popularity": (
        [Part("term", "popularity", "chosen by 1 person", 1)],
        "Because it was chosen by 1 person.",
    ),
    "only against": ([item("a", -1)], "Nothing in what we know of you speaks for this title."),
    "nothing": ([], "Nothing in what we know of you speaks for this title."),
    "feature": (
        [Part("feature", "f", "Drama", 1.5), Part("feature", "g", "Crime", 0.5)],
        "What speaks most for it: Drama. That is 75 % of what speaks for it.",
    ),
}


@pytest.mark.parametrize("kind", STRONGEST)
def test_the_strongest_kind_of_reason_decides_the_sentence(kind: str) -> None:
    parts, expected = STRONGEST[kind]
    assert reason_words.sentence(told(*parts)) == expected


def test_the_signals_of_a_hybrid_name_the_titles_behind_the_signal_that_is_named() -> None:
    content = Breakdown("content", "how like your titles it is", 1, (item("b", 0.6), item("a", 0.4)), unit="signal")
    choices = Breakdown("collaborative", "how often", 1, (item("c", 0.9),), unit="signal")
    words = reason_words.sentence(
        told(
            Part("signal", "content", "how like your titles it is", 3),
            Part("signal", "newness", "how new it is", 1),
            Part("signal", "popularity", "how many people chose it", -2),
            kind=Exactness.SHAP,
            within=(choices, content),
        )
    )
    assert words == (
        "What speaks most for it: how like your titles it is, and how new it is. Together that is 100 % of what speaks "
        "for it. Of your own titles, “Beta” and “Alpha” count most."
    )


def test_of_several_boosts_the_largest_is_named() -> None:
    parts = (Part("boost", "item:x", "small", 1), Part("boost", "provider:y", "large", 3))
    assert (
        reason_words.sentence(told(*parts)) == "Because the operator boosts it (“large”): 75 % of what speaks for it."
    )


# -- what else ---------------------------------------------------------------------------------------


def test_the_strongest_reason_against_and_what_it_takes_off() -> None:
    assert reason_words.against(told(item("a", 4), item("b", -1), item("c", -0.5))) == (
        "Strongest reason against it: you chose “Beta”. That takes off 25 % of what speaks for it."
    )
    assert reason_words.against(told(item("a", 4))) is None
    assert reason_words.against(told(item("b", -1))) == "Strongest reason against it: you chose “Beta”."
    assert reason_words.against(told(item("a", 1), item("b", -3))) == (
        "Strongest reason against it: you chose “Beta”. That outweighs all that speaks for it."
    )
    held = Part("boost", "item:x", "last season", -1)
    assert reason_words.against(told(item("a", 2), held)) == (
        "Strongest reason against it: the operator holds it back (“last season”). That takes off 50 % of what speaks for it."
    )


def test_a_wish_of_the_person_is_no_reason_against() -> None:
    assert reason_words.against(told(item("a", 4), Part("choice", "b", "less of “Beta”, as you asked", -1))) is None


def test_slider_boost_policy_and_wishes_are_labelled_where_they_moved_the_score() -> None:
    less = "less of “Beta”, as you asked"
    parts = (
        item("a", 1), Part("slider", "slider", "less known (3 bits)", 0.3), Part("boost", "item:x", "our pick", 0.25),
        Part("boost", "provider:y", "held", -1250.4), Part("choice", "b", less, -0.125), Part("choice", "c", less, 0.5),
        Part("boost", "item:z", "nothing", 0.0),
    )  # fmt: skip
    assert reason_words.labels(told(*parts)) == [
        "The slider lifted it: you asked for more surprising titles.",
        "The operator boosts it: “our pick” adds 0.25 to its score.",
        "The operator holds it back: “held” takes 1,250 off its score.",
        f"Your own wish held it back, {less}: that takes 0.125 off its score.",
        f"Your own wish lifted it, {less}: that adds 0.5 to its score.",
    ]
    assert reason_words.labels(told(item("a", 1))) == []


# -- without, missing, rather ------------------------------------------------------------------------


def without(*removed: str, **more: object) -> list[str]:
    given = {"rank_before": 2, "rank_after": 14, "minimal": True, **more}
    return reason_words.without(told(counterfactual=Counterfactual(removed, **given)), NAMES.__getitem__)  # type: ignore[arg-type]


def test_what_would_be_without_some_choices() -> None:
    proof = "No smaller set of your choices does that. Checked by scoring again."
    assert without("a") == [f"Without “Alpha” it leaves the list: it would fall to place 14 (now place 2). {proof}"]
    assert without("a", "b")[0].startswith("Without “Alpha” and “Beta” it leaves")
    assert without("a", "b", "c", "d", "e")[0].startswith(
        "Without “Alpha”, “Beta”, “Gamma” and 2 more of your choices it"
    )
    assert "it would not be ranked (now place 2)" in without("a", rank_after=None)[0]
    assert without("a", "b", minimal=False)[0].endswith("Checked by scoring again.")
    assert without("a", "b", minimal=False, at_least=2)[0].endswith("Fewer than 2 choices certainly would not.")
    assert without("a", minimal=False, at_least=1)[0].endswith("(now place 2). Checked by scoring again.")


def test_what_would_come_before_it() -> None:
    found = Counterfactual(("a",), 1, 3, True, by="b")
    words = reason_words.without(told(overtaken=found, counterfactual=found), NAMES.__getitem__)
    assert words == [
        "Without “Alpha” it would fall from place 1 to 3 and “Beta” would come before it. "
        "No smaller set of your choices does that. Checked by scoring again."
    ]
    assert reason_words.without(told(), NAMES.__getitem__) == []


def missing(lacks: tuple[Part, ...] = (), changes: tuple[Change, ...] = (), *, all_tried: bool = True) -> str:
    return difference_words.missing(Missing("x", 14, 1.0, "a", 0.25, lacks, changes, all_tried), NAMES.__getitem__)


def test_why_a_title_is_missing() -> None:
    start = "It stands at place 14: 0.25 behind “Alpha”, the last on your list"
    assert missing() == f"{start}. No single change of yours brings it in."
    assert missing(all_tried=False) == f"{start}. None of the likely changes brings it in."
    assert missing((item("b", 1),)) == (
        f"{start}, because “Beta” speaks more for that one. No single change of yours brings it in."
    )
    assert missing((item("b", 1), item("c", 0.5))).startswith(
        f"{start}, because “Beta” and “Gamma” speak more for that one."
    )
    assert missing((Part("term", "popularity", "chosen by 84 people", 4),)).startswith(
        f"{start}. What sets it back most: how many people chose it."
    )
    found = (Change("leave out", "b", "Beta", 10), Change("choose", "c", "Gamma", 7))
    assert (
        missing((), found)
        == f"{start}. Without your choice of “Beta” it would be at place 10. Checked by scoring again."
    )


def test_every_kind_of_change_is_a_sentence() -> None:
    kinds = {
        "use again": "Beta",
        "count in full": "Beta",
        "slider": "the slider at 0.5",
        "leave out": "Beta",
        "choose": "Beta",
    }
    found = tuple(Change(kind, "b", title, 3) for kind, title in kinds.items())  # type: ignore[arg-type]
    assert difference_words.changes(Missing("x", 14, 1.0, "a", 0.25, (), found, True)) == [
        "If you let “Beta” be used again, it would be at place 3.",
        "If “Beta” counted in full again, it would be at place 3.",
        "With the slider at 0.5 it would be at place 3.",
        "Without your choice of “Beta” it would be at place 3.",
        "If you also chose “Beta”, it would be at place 3.",
    ]


def test_this_rather_than_that_names_who_is_ahead() -> None:
    ahead = Contrast("a", "b", 0.5, 0.0, (item("c", 0.4), item("d", 0.2), item("e", -0.1)))
    expected = "“Alpha” scores 0.5 more than “Beta”, most of all because of “Gamma” and “Delta”."
    assert difference_words.rather(ahead, NAMES.__getitem__) == expected
    behind = Contrast("b", "a", -0.5, 0.0, tuple(part._replace(value=-part.value) for part in ahead.parts))
    assert difference_words.rather(behind, NAMES.__getitem__) == expected
    assert (
        difference_words.rather(Contrast("a", "b", 0.0, 0.0, ()), NAMES.__getitem__)
        == "“Alpha” and “Beta” have the same score."
    )
    assert (
        difference_words.rather(Contrast("a", "b", 0.1, 0.1, ()), NAMES.__getitem__)
        == "“Alpha” scores 0.1 more than “Beta”."
    )


def test_a_difference_never_gives_the_figure_of_the_one_that_is_behind() -> None:
    few = told(Part("term", "popularity", "chosen by 3 people", 3), item="a", model="popularity")
    many = told(Part("term", "popularity", "chosen by 9 people", 9), item="b", model="popularity")
    words = difference_words.rather(contrast(few, many), NAMES.__getitem__)
    assert words == "“Beta” scores 6 more than “Alpha”. What decides it most: how many people chose it."
    assert [part.title for part in difference_words.compared(contrast(few, many).parts)] == ["how many people chose it"]
    named = (Part("item", "popularity", "Popularity: The Film", 1.0),)
    assert difference_words.compared(named) == named, "an item may have any id"


# -- people and claims -------------------------------------------------------------------------------


def test_people_are_told_of_in_sum() -> None:
    seen = {"rule": "people who rate most like you", "count": 1200, "of": None, "own": []}
    assert reason_words.neighbours(told(neighbours=seen)) == "1,200 people who rate most like you chose this title too."
    full = {**seen, "of": 3000, "mean": 3.96, "histogram": {"good": 900, "between": 200, "bad": 100}}
    assert reason_words.neighbours(told(neighbours=full)) == (
        "1,200 of 3,000 people who rate most like you chose this title too. "
        "900 rated it good, 200 in between, 100 bad; the mean rating is 4.0."
    )
    everybody = {"rule": "people in all", "count": 12, "of": 30, "own": []}
    assert reason_words.neighbours(told(neighbours=everybody)) == "12 of 30 people chose this title."
    note = "Fewer than 10 people who x chose this title, so nothing is said about them."
    assert reason_words.neighbours(told(notes=("something else", note))) == note
    assert reason_words.neighbours(told()) == "No other people are told of here."


@pytest.mark.parametrize("kind", Exactness)
def test_every_kind_says_what_it_claims_and_what_it_compares_with(kind: Exactness) -> None:
    assert reason_words.claim(told(kind=kind)).endswith("Compared with an empty history.")


def test_the_sum_is_that_of_the_parts() -> None:
    line = reason_words.sum_line(told(item("a", 0.25), item("b", -1.5), base=2.0))
    assert (
        line == "Starting point 2.000000 plus all parts -1.250000 is the score 0.750000."
    )  # as given: base is not in it


# -- hostile titles ----------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>", "**bold** [link](http://x.example)", "\"double\" 'single' “curly”", "שלום עולם\u202e מרחבא",
    "x" * 5000, "{title} {0} {named.__class__}", "100 % of $5$ :material/home:", "line\nbreak\ttab\x00nul", "",
]  # fmt: skip


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_a_title_of_any_kind_is_cut_and_never_markup(title: str) -> None:
    own = Part("item", "a", title, 2.0)
    explained = told(
        own, Part("boost", "item:x", title, 1.0), Part("item", "b", title, -0.5), Part("choice", "a", f"less of “{title}”", -0.1),
        counterfactual=Counterfactual(("a", "b", "c", "d"), 1, 12),
    )  # fmt: skip
    lacking = Missing("x", 14, 1.0, "a", 0.25, (own, own, own), (Change("leave out", "a", title, 3),), True)
    lines = [
        reason_words.sentence(explained),
        reason_words.sentence(told(own, within=(), model="svd", kind=Exactness.OPAQUE)),
        *reason_words.labels(explained),
        reason_words.against(explained) or "",
        *reason_words.without(explained, lambda _: title),
        difference_words.missing(lacking, lambda _: title),
        difference_words.rather(Contrast("a", "b", 1.0, 0.0, (own,)), lambda _: title),
    ]
    for line in lines:
        assert len(line) < 600
        assert "\n" not in line
        assert "\u202e" not in line
        assert "\x00" not in line
        assert not _MARKUP.search(literal(line)), line


# -- promises ----------------------------------------------------------------------------------------

kinds = st.sampled_from(["item", "signal", "term", "neighbours", "slider", "boost", "policy", "choice", "feature"])
values = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-9)


@st.composite
def explanations(draw: st.DrawFn) -> Explanation:
    count = draw(st.integers(0, 8))
    parts = [Part(draw(kinds), str(n), f"T{n}T", draw(values)) for n in range(count)]
    inner = tuple(Part("item", f"i{n}", f"I{n}I", draw(values)) for n in range(draw(st.integers(0, 3))))
    removed = tuple(f"{n}" for n in range(draw(st.integers(1, 6))))
    found = draw(st.none() | st.just(Counterfactual(removed, 1, 11, draw(st.booleans()), draw(st.integers(1, 6)))))
    ordered = sorted(parts, key=lambda part: -abs(part.value))
    within = (Breakdown("0", "T0T", 1.0, inner),)
    return replace(told(*ordered), within=within, counterfactual=found, user=draw(st.sampled_from(["me", ""])))


@given(explanations())
def test_sentences_name_what_is_in_the_explanation_and_nothing_else(explained: Explanation) -> None:
    lines = [
        reason_words.sentence(explained), *reason_words.labels(explained), reason_words.against(explained) or "",
        *reason_words.without(explained, lambda item: f"T{item}T"), *map(reason_words.within_line, explained.within),
    ]  # fmt: skip
    known = {part.title for part in explained.parts} | {p.title for inner in explained.within for p in inner.parts}
    known |= {inner.title for inner in explained.within}
    removed = {f"T{item}T" for item in (explained.counterfactual.remove if explained.counterfactual else ())}
    for line in lines:
        assert set(re.findall(r"[TI]\d+[TI]", line)) <= known | (removed if line.startswith("Without") else set())
        for share in re.findall(r"(-?[\d.]+) %", line):
            assert 0 <= float(share) <= 100, line
        assert "nan" not in line
        assert line == "" or line.endswith(".")


@given(explanations())
def test_what_speaks_for_it_speaks_for_it(explained: Explanation) -> None:
    """A title named in the first sentence has a positive part; the reason against has a negative one."""
    positive = {part.title for part in explained.parts if part.value > 0}
    positive |= {part.title for inner in explained.within for part in inner.parts if part.value > 0}
    assert set(re.findall(r"[TI]\d+[TI]", reason_words.sentence(explained))) <= positive
    negative = {part.title for part in explained.parts if part.value < 0}
    assert set(re.findall(r"[TI]\d+[TI]", reason_words.against(explained) or "")) <= negative


# -- every model -------------------------------------------------------------------------------------

ENGLISH = re.compile(r"^[A-Z“0-9][^{}]*\.$")
CLUMSY = re.compile(
    r"because of (chosen|drawn|less)|(\b\w+\b) \2\b(?<!that that)|\bNone\b(?! of)|e\+\d|  |\.\.|chosen by 1 people"
)


@pytest.fixture
def everything(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doors.copy_of_trained_world(tmp_path_factory.getbasetemp(), home)


@pytest.mark.parametrize(
    "name", ["linear", "popularity", "random", "item-neighbours", "user-neighbours", "svd", "content", "hybrid"]
)
@pytest.mark.parametrize("serendipity", [0.0, 0.5])
def test_every_sentence_of_every_model_is_one(everything: Path, name: str, serendipity: float) -> None:
    with opened(everything) as workspace:
        model = doors.model_named(name, everything)
        for person in ("u0003", "u0150"):
            asked = Asked(PersonalList.of(workspace, model, person, 10, serendipity))
            first, other = asked.listed()[0], asked.runners_up()[3]
            why, lacking = asked.why(first), asked.why_not(other)
            assert lacking is not None
            lines = [
                reason_words.sentence(why), *reason_words.labels(why), reason_words.against(why),
                *reason_words.without(why, asked.title), reason_words.claim(why), reason_words.neighbours(why),
                *map(reason_words.within_line, why.within), difference_words.missing(lacking, asked.title),
                *difference_words.changes(lacking), difference_words.rather(asked.rather_than(first, other), asked.title),
                difference_words.rather(asked.rather_than(other, first), asked.title),
            ]  # fmt: skip
            for line in filter(None, lines):
                plain = re.sub("“.+?”", "“title”", line)
                assert ENGLISH.match(plain), line
                assert not CLUMSY.search(re.sub("“title”(, “title”)*( and “title”)?", "“title”", plain)), line
            assert asked.data_used()


def test_who_switched_profiling_off_or_took_out_everything_reads_the_honest_line(everything: Path) -> None:
    with opened(everything) as workspace:
        model = doors.model_named("linear", everything)
        training = workspace.model(model).training
        set_profiling(workspace, "demo", "u0001", on=False)
        row = training.matrix[[training.users.code("u0002")]]
        for code in row.indices.tolist():
            exclude(workspace, "demo", "u0002", training.items[code])
        count = int((training.matrix.indices == 7).sum())
        for person in ("u0001", "u0002"):
            answer = explain(workspace, model, person, training.items[7])
            assert answer["sentence"] == f"Because it was chosen by {count} people. Nothing about you was used."
            assert (answer["user_id"], answer["labels"], answer["against"], answer["without"]) == ("", [], None, [])
            assert answer["data_used"] == ["how many people chose each title"]
            asked = Asked(PersonalList.of(workspace, model, person, 10, None))
            assert reason_words.neighbours(asked.why(training.items[7])).startswith(
                "This list is the same for everybody"
            )
