"""What every number is: one entry per metric, read by pages, reports and the command line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Direction = Literal["higher", "lower", "neither"]
Scope = Literal["user", "lists", "items", "split"]


@dataclass(frozen=True)
class Metric:
    """One metric in words. `direction` is which way is better; 'neither' where that is a choice, not a fact."""

    name: str
    title: str
    meaning: str
    formula: str
    low: float
    high: float
    direction: Direction
    denominator: str
    convention: str
    omits: str
    scope: Scope = "user"

    def label(self, k: int) -> str:
        """Name the metric with its cutoff, as exports write it: `ndcg@10`."""
        return f"{self.name}@{k}"


_JUDGED = "users with at least one held-out item"
_LISTED = "users with a list"
_BLIND = "Held-out choices are only what people could find at the time; an unseen good item counts as a miss."
_RANKLESS = "Ignores the order of the list."
_CONTENT = "Sees only the declared category columns, not what else makes items alike."
_USERLESS = "Says nothing about any one user."
_NOT_GOAL = "Equal exposure is one possible goal among several; compare catalogue, training and merit shares."
INF = math.inf

_ALL = (
    Metric(
        "precision", "Precision", "The share of the list's places that hold something the person went on to choose.",
        "hits / k", 0, 1, "higher", _JUDGED, "A list shorter than k still divides by k; a repeated item counts once.",
        _BLIND,
    ),
    Metric(
        "recall", "Recall", "The share of what the person went on to choose that is in the list.",
        "hits / |relevant|", 0, 1, "higher", _JUDGED, "Divides by all held-out items, also if more than k.",
        _BLIND,
    ),
    Metric(
        "hit_rate", "Hit rate", "The share of people whose list holds at least one thing they went on to choose.",
        "1 if hits > 0 else 0", 0, 1, "higher", _JUDGED, "People with held-out items and no list count as 0.",
        f"One hit counts as much as ten. {_BLIND}",
    ),
    Metric(
        "ndcg", "nDCG", "How well the list puts what the person went on to choose near the top.",
        "sum rel / log2(r+1), divided by the same sum for the best list of min(|relevant|, k) items", 0, 1, "higher",
        _JUDGED, "Binary relevance; ideal over min(|relevant|, k) items (RecTools: divide_by_achievable=True).", _BLIND,
    ),
    Metric(
        "ndcg_full_ideal", "nDCG, full ideal", "nDCG measured against a list that is as long as all held-out items.",
        "sum rel / log2(r+1), divided by the same sum for the best list of |relevant| items", 0, 1, "higher", _JUDGED,
        "Ideal over ALL held-out items (Dacrema et al. 2021): lower than nDCG, and never 1 with more than k of them.",
        _BLIND,
    ),
    Metric(
        "reciprocal_rank", "Reciprocal rank", "How near the top the first hit is: 1 first, one half second, 0 none.",
        "1 / rank of the first hit", 0, 1, "higher", _JUDGED, "0 without a hit within k.",
        f"Ignores every later hit. {_BLIND}",
    ),
    Metric(
        "n_relevant", "Held-out items", "How many held-out choices the person is judged on.", "|relevant|", 0, INF,
        "neither", _JUDGED, "A pair given twice counts once.", "Describes the test, not the lists.",
    ),
    Metric(
        "list_length", "List length", "How many items the person was shown, down to rank k.", "|list|", 0, INF,
        "neither", _JUDGED, "0 for people with held-out items and no list.", "Says nothing about what was shown.",
    ),
    Metric(
        "diversity", "Intra-list diversity", "How different the items of one list are from each other.",
        "mean of 1 - cosine(v_i, v_j) over the n(n-1)/2 pairs of the list", 0, 1, "neither",
        "users with at least two items with content in the list",
        "Content is 0/1 category vectors; mean over pairs, so lists of different length compare.",
        f"{_CONTENT} {_RANKLESS}",
    ),
    Metric(
        "serendipity", "Serendipity (Auralist)", "How many hits differ from all the person chose before.",
        "mean over the list of relevant x (1 - mean cosine to the history)", 0, 1, "higher",
        "users with held-out items and a history with content",
        "Serendipity A (Zhang et al. 2012); relevance 0 or 1; items without content left out.",
        f"{_CONTENT} Surprise is inferred, never asked. {_BLIND}",
    ),
    Metric(
        "miscalibration_js", "Miscalibration (Jensen-Shannon)",
        "How far the list's mix of categories is from the mix the person has chosen so far.",
        "JS divergence in bits between category shares of history and list", 0, 1, "lower",
        "users with categories in history and list", "Every place of the list weighs 1; m categories split 1/m each.",
        f"A person may want a different mix now. {_RANKLESS}",
    ),
    Metric(
        "miscalibration_kl", "Miscalibration (C_KL)",
        "Steck's measure of how far the list's mix of categories is from the person's history.",
        "sum p ln(p / (.99 q + .01 p))", 0, math.log(100), "lower", "users with categories in history and list",
        "Steck 2018: natural logarithm, alpha .01, every place weighs 1.",
        f"Punishes a missing category harder than an added one. {_RANKLESS}",
    ),
    Metric(
        "novelty", "Novelty", "How rarely chosen the recommended items are, in bits: one more is half as many people.",
        "mean over the list of -log2(users_i / users)", 0, INF, "neither", _LISTED,
        "Self-information over training users; an item nobody chose counts as chosen by one (RePlay).",
        f"Rare is not the same as new to this person. {_RANKLESS}",
    ),
    Metric(
        "average_popularity", "Average popularity", "How many people had chosen the recommended items, on average.",
        "mean over the list of users_i", 0, INF, "neither", _LISTED, "ARP, raw counts of training users.",
        f"Dominated by the largest titles. {_RANKLESS}",
    ),
    Metric(
        "popularity_percentile", "Mean popularity rank",
        "The list's items are on average more popular than this share of the catalogue.",
        "mean over the list of (items less popular + half of equally popular) / catalogue", 0, 1, "neither", _LISTED,
        "Ranked by training users over the whole catalogue; ties count half.", _RANKLESS,
    ),
    Metric(
        "tail_share", "Tail share", "The share of the list that lies outside the most popular items.",
        "items of the list outside the head / length of the list", 0, 1, "neither", _LISTED,
        "Head: the fewest items that hold 80 % of training interactions, or the top 20 % of items, as planned.",
        f"A hard edge between head and tail. {_RANKLESS}",
    ),
    Metric(
        "unexpectedness", "Unexpectedness", "The share of the list that a plain popularity list would not have shown.",
        "1 - |list & popularity list| / length of the list", 0, 1, "neither", _LISTED,
        "Popularity list: the k most popular items that this person has not seen.",
        f"Unexpected is not the same as useful. {_RANKLESS}",
    ),
    Metric(
        "list_popularity", "Popularity of the list", "The share of people who chose an item, averaged over the list.",
        "mean over the list of users_i / users", 0, 1, "neither", _LISTED, "GAP_r of one user; training users.",
        _RANKLESS,
    ),
    Metric(
        "profile_popularity", "Popularity of the taste",
        "The share of people who chose an item, averaged over what the person chose.",
        "mean over the history of users_i / users", 0, 1, "neither", "users with a list and a history",
        "GAP_p of one user; training users.", "Describes the person's history, not the lists.",
    ),
    Metric(
        "popularity_lift", "Popularity lift", "How much more popular the lists are than people's own choices.",
        "(mean list popularity - mean profile popularity) / mean profile popularity", -1, INF, "neither",
        "users with a list and a history", "dGAP, a ratio of two means over users (Abdollahpouri et al. 2019).",
        "Says nothing about who is harmed by it.", "lists",
    ),
    Metric(
        "coverage", "Catalogue coverage", "The share of the catalogue that is shown to anybody.",
        "different items shown / catalogue", 0, 1, "neither", "all items of the items table",
        "Whole catalogue, also items nobody chose in training; down to rank k.",
        f"Shown once counts as much as shown to all. Grows with the number of lists. {_USERLESS}", "lists",
    ),
    Metric(
        "gini", "Gini of showings", "How unequally showings fall on items: 0 all equal, 1 one item has everything.",
        "sum_j (2j-n-1) x_(j) / ((n-1) sum x)", 0, 1, "neither", "all items of the items table",
        "Whole catalogue with the items never shown; 0 is equal (Elliot returns 1 minus a Gini).",
        f"Does not say which items win. {_USERLESS}", "lists",
    ),
    Metric(
        "gini_exposure", "Gini of exposure", "How unequally attention falls on items, counting the place in the list.",
        "the Gini of exposure instead of showings", 0, 1, "neither", "all items of the items table",
        "Weights of the plan's browsing model.", f"Depends on the browsing model. {_USERLESS}", "lists",
    ),
    Metric(
        "entropy", "Shannon entropy", "How evenly showings spread over items, in bits.", "-sum p_i log2 p_i", 0, INF,
        "neither", "showings of catalogue items", "log2; never more than log2 of the catalogue.", _USERLESS, "lists",
    ),
    Metric(
        "entropy_share", "Distributional coverage", "Entropy as a share of the most it could be.",
        "entropy / log2(catalogue)", 0, 1, "neither", "showings of catalogue items", "1: every item equally often.",
        _USERLESS, "lists",
    ),
    Metric(
        "hhi_diversity", "Herfindahl diversity", "The chance that two showings drawn at random show different items.",
        "1 - sum p_i^2", 0, 1, "neither", "showings of catalogue items", "Aggregate diversity of Dacrema et al. 2021.",
        f"Hardly moves in large catalogues. {_USERLESS}", "lists",
    ),
    Metric(
        "inter_list_diversity", "Difference between users", "How little two users' lists have in common, on average.",
        "mean over user pairs of 1 - |shared items| / k", 0, 1, "neither", "all pairs of users with a list",
        "Exact over all pairs (MIL); divides by k also where lists are shorter.", _RANKLESS, "lists",
    ),
    Metric(
        "top_item_share", "Share of the top 1 %", "The share of all showings that goes to the most shown 1 % of items.",
        "showings of the top ceil(.01 n) items / all showings", 0, 1, "neither", "showings of catalogue items",
        "Ordered by showings, not by training popularity.", _USERLESS, "lists",
    ),
    Metric(
        "exposure_share", "Exposure share", "The share of all attention that a provider's items get.",
        "sum of the weights of their ranks / sum of all weights", 0, 1, "neither", "all lists",
        "Weights of the plan's browsing model; an item of several providers splits equally.", _NOT_GOAL, "items",
    ),
    Metric(
        "catalogue_share", "Catalogue share", "The share of the catalogue that is a provider's.",
        "items / catalogue", 0, 1, "neither", "all items of the items table", "An item of several providers splits.",
        _NOT_GOAL, "items",
    ),
    Metric(
        "training_share", "Training share", "The share of past choices that went to a provider's items.",
        "their training interactions / all", 0, 1, "neither", "training interactions", "One per user and item.",
        "Past choices were shaped by what was shown then.", "items",
    ),
    Metric(
        "merit_share", "Merit share", "The share of held-out choices that went to a provider's items.",
        "their held-out choices / all", 0, 1, "neither", "held-out choices", "One per user and item.",
        "Held-out choices were shaped by what was shown then.", "items",
    ),
    Metric(
        "exposure_ratio", "Exposure to catalogue", "How much attention a provider gets for its part of the catalogue.",
        "exposure share / catalogue share", 0, INF, "neither", "catalogue share",
        "1: in proportion; the interval resamples users, the providers themselves are taken as they are.", _NOT_GOAL,
        "items",
    ),
    Metric(
        "merit_ratio", "Exposure to merit", "How much attention a provider gets for what people went on to choose.",
        "exposure share / merit share", 0, INF, "neither", "merit share", "1: in proportion to held-out choices.",
        _NOT_GOAL, "items",
    ),
    Metric(
        "interactions", "Interactions", "How many choices the table holds.", "number of pairs", 0, INF, "neither",
        "pairs of user and item", "A pair given twice counts once.", "Says nothing about the split.", "split",
    ),
    Metric(
        "items_seen", "Items seen", "How many items have any choice in the table.", "items with a count above 0", 0,
        INF, "neither", "items of any of the tables", "", "Says nothing about how often.", "split",
    ),
    Metric(
        "maximum", "Maximum popularity", "The count of the most chosen item.", "max x_i", 0, INF, "neither",
        "items of any of the tables", "", "One item only.", "split",
    ),
    Metric(
        "mean", "Mean popularity", "The mean count of an item.", "mean x_i", 0, INF, "neither",
        "items of any of the tables", "Items without any choice count as 0.", "Hides the spread.", "split",
    ),
    Metric(
        "gini_diversity", "Gini diversity", "How evenly choices spread over items: 1 equal, near 0 concentrated.",
        "2 sum_i (n+1-i)/(n+1) x_(i) / sum x", 0, 1, "neither", "items of any of the tables",
        "The code of record of Dacrema et al. 2021; runs against the Gini of showings.",
        "The paper's text gives another formula than its code.", "split",
    ),
    Metric(
        "shannon", "Shannon entropy of popularity", "How evenly choices spread over items, in bits.",
        "-sum p_i log2 p_i", 0, INF, "neither", "items of any of the tables", "log2.", "Grows with the catalogue.",
        "split",
    ),
    Metric(
        "kendall_tau", "Kendall's tau to the full data", "Whether items have the same order of popularity as in full.",
        "tau-b of the counts", -1, 1, "higher", "items of any of the tables", "tau-b, which corrects for ties.",
        "Blind to how large the differences are.", "split",
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
