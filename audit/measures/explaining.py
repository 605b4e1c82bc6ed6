"""What every number about explanations is, in the words of `audit.measures.metrics`; they are no measures of lists."""

from __future__ import annotations

from audit.measures.metrics import INF, Metric

_TOLD = "people whose first title has a reason among their own titles"
_STEPS = "At most ten equal parts, strongest first; every step is scored again; titles of the history never come back."
_UNSEEN = "Says nothing about how people understand the reasons."
_ONE = "Looks at the first title of a list only."

_ALL = (
    Metric(
        "residual", "Additivity residual", "How far the parts of an explanation are from adding up to the score.",
        "|score - base - sum of parts|", 0, INF, "lower", "people with a first title",
        "In the unit of the model's score; up to rounding, 0 where the parts are the model's own arithmetic.", _ONE,
    ),
    Metric(
        "deletion", "Deletion, strongest first",
        "How long the title stays in the list while its reasons are taken away, the strongest first.",
        "mean over t of 1[title in the top k without the first t parts]", 0, 1, "lower", _TOLD, _STEPS, _ONE,
    ),
    Metric(
        "deletion_random", "Deletion, random order",
        "How long the title stays in the list while own titles are taken away in a random order.",
        "the same, random order", 0, 1, "neither", _TOLD, f"{_STEPS} One seeded order a person.",
        "Describes the list, not the reasons: what deletion is compared with.",
    ),
    Metric(
        "deletion_reversed", "Deletion, weakest first",
        "How long the title stays in the list while its weakest reasons are taken away first.",
        "the same, weakest first", 0, 1, "higher", _TOLD, _STEPS, _ONE,
    ),
    Metric(
        "insertion", "Insertion, strongest first",
        "How soon the title is in the list when the strongest reasons are given to an empty history.",
        "mean over t of 1[title in the top k with the first t parts alone]", 0, 1, "higher", _TOLD, _STEPS, _ONE,
    ),
    Metric(
        "insertion_random", "Insertion, random order",
        "How soon the title is in the list when own titles are given to an empty history in a random order.",
        "the same, random order", 0, 1, "neither", _TOLD, f"{_STEPS} One seeded order a person.",
        "Describes the list, not the reasons: what insertion is compared with.",
    ),
    Metric(
        "necessity", "Necessity of the named reasons",
        "The share of people whose title leaves the list without the three reasons that are named.",
        "1[title not in the top k without the three strongest reasons]", 0, 1, "higher",
        "people for whom an own title speaks for the first one", "PN-S; fewer than three where fewer speak for it.",
        "A title with many reasons survives the loss of three, and the three are true nevertheless.",
    ),
    Metric(
        "coverage", "Coverage", "The share of people whose title has a reason among their own titles at all.",
        "1[an own title has a positive contribution]", 0, 1, "higher", "people with a first title",
        "Undefined for a model that gives no reasons among own titles.", "A reason may be true and very small.",
    ),
    Metric(
        "named_share", "Weight of the named reasons",
        "How much of everything in the history that speaks for the title is named: 1 all of it, near 0 hardly any.",
        "three largest contributions / all positive contributions", 0, 1, "neither",
        "people for whom an own title speaks for the first one", "Own titles only; a short history is named whole.",
        "Grows as a history gets shorter.",
    ),
    Metric(
        "reasons", "Reasons for most of the weight", "How many own titles it takes to carry four fifths of what is for it.",
        "smallest number of largest contributions that sum to 80 % of the positive ones", 1, INF, "neither",
        "people for whom an own title speaks for the first one", "Own titles only.", "Grows with the history.",
    ),
    Metric(
        "counterfactual_size", "Size of the smallest counterfactual",
        "How many own titles would have to be missing for another title to come first.",
        "min |D| such that without D another title has the first place", 1, INF, "neither",
        "people for whom 25 own titles or fewer are enough, in a model that adds up over the history",
        "Exactly the smallest and scored again (methods: Dacrema split, EASE 458: 2.10); removed titles do not compete.",
        "Undefined for models that do not add up over the history.",
    ),
    Metric(
        "stability", "Stability", "How much of the five strongest reasons stays when another person is left out.",
        "mean over left-out people of |before and after| / |before or after|", 0, 1, "higher",
        "people for whom an own title speaks for the first one, before or after",
        "A full refit without one person; the same title before and after.",
        "Says nothing about a refit on newer data.",
    ),
    Metric(
        "lipschitz", "Largest effect of one own title", "How far one own title can move all contributions together.",
        "largest Euclidean norm of a row of the weights", 0, INF, "neither", "all items",
        "Exact; item-item models only, in the unit of the score.", "The worst case: most titles move far less.", "items",
    ),
)  # fmt: skip

EXPLANATIONS: dict[str, Metric] = {each.name: each for each in _ALL}
