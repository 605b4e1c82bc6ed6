"""What every number about groups of items is, in the words of `audit.measures.metrics`; none is a measure of one person."""

from __future__ import annotations

from audit.measures.metrics import INF, Metric

_SPLIT = "An item of several groups is split equally."
_REST = "against all other named groups together; 1 is equal. Intervals resample people; the items are as they are."
_GOAL = "The goal is the share of the catalogue; which goal is right is a choice to be named."
_CHOICES = "Held-out choices were shaped by what was shown then."
_DEPENDS = "Depends on the browsing model and on who belongs to which group."
_DIAZ = "Weights .85^(rank-1); relevant is a held-out choice; the places below k hold nothing, so compare equal k only."

_ALL = (
    Metric(
        "dp_ratio", "Exposure of an item (DP)", "How much attention an item of the group gets for that of another item.",
        "(E_g/|g|) / (E_r/|r|)", 0, INF, "neither", "catalogue items of the group, and of all others",
        f"Singh & Joachims 2018, demographic parity ratio, {_REST} {_SPLIT}", f"Blind to what people want. {_DEPENDS}",
        "items",
    ),
    Metric(
        "dtr", "Exposure for merit (DTR, also EUR)", "How much attention the group gets for what people went on to choose.",
        "(E_g/U_g) / (E_r/U_r)", 0, INF, "neither", "held-out choices of the group, and of all others",
        f"Singh & Joachims 2018, disparate treatment ratio with U the mean merit of an item, {_REST} No 1e-6 is added and "
        f"nothing is logged, unlike the code of Raj & Ekstrand. {_SPLIT}", f"{_CHOICES} {_DEPENDS}", "items",
    ),
    Metric(
        "dir", "Clicks for merit (DIR, also RUR)", "How many hits the group gets, by place, for what people chose later.",
        "(C_g/U_g) / (C_r/U_r)", 0, INF, "neither", "held-out choices of the group, and of all others",
        f"Singh & Joachims 2018, disparate impact ratio; a click is a held-out choice in the list, weighed by its place, "
        f"{_REST} {_SPLIT}", f"{_CHOICES} {_DEPENDS}", "items",
    ),
    Metric(
        "skew", "Skew at k", "Whether the group has more or fewer places than its part of the catalogue, as a logarithm.",
        "ln(share of places / share of the catalogue)", -INF, INF, "neither", "all places down to rank k",
        f"Geyik et al. 2019, natural logarithm, pooled over all lists; minus infinity where the group is never shown. "
        f"{_SPLIT}", f"Ignores the order of a list. {_GOAL}", "items",
    ),
    Metric(
        "min_skew", "Smallest skew", "The skew of the group that is shown least for its part of the catalogue.",
        "min over groups of skew", -INF, INF, "neither", "named groups of the catalogue", "Pooled over all lists.",
        "One group decides.", "items",
    ),
    Metric(
        "max_skew", "Largest skew", "The skew of the group that is shown most for its part of the catalogue.",
        "max over groups of skew", -INF, INF, "neither", "named groups of the catalogue", "Pooled over all lists.",
        "One group decides.", "items",
    ),
    Metric(
        "selection_rate", "Chance to be shown", "The share of all chances to show an item of the group that were taken.",
        "showings of the group / pairs of a list and a catalogue item of the group that it could have shown", 0, 1,
        "neither", "pairs of a list and an item of the group that the person had not chosen before, or is shown all the same",
        f"RSP's P(shown | group); an item counts once a list. {_SPLIT}",
        "Small by nature in a large catalogue: compare groups.", "items",
    ),
    Metric(
        "relevant_rate", "Chance to be shown to who chose it later",
        "The share of held-out choices of the group that stood in the list of the person.",
        "hits of the group / held-out choices of the group", 0, 1, "neither", "held-out choices of the group",
        f"REO's P(shown | group, chosen later); people without a list count as not shown. {_SPLIT}", _CHOICES, "items",
    ),
    Metric(
        "rsp", "Spread of the chance to be shown (RSP)", "How unequal groups are in their chance to be shown: 0 all equal.",
        "standard deviation / mean over groups of P(shown | group)", 0, INF, "neither", "named groups with a chance",
        "Zhu et al. 2020; population standard deviation; over 'popularity of the item' it is Elliot's PopRSP.",
        "Says nothing about which group: read the values of the groups beside it.", "items",
    ),
    Metric(
        "reo", "Spread of the chance to reach who chose it (REO)",
        "How unequal groups are in their chance to be shown to people who went on to choose them: 0 all equal.",
        "standard deviation / mean over groups of P(shown | group, chosen later)", 0, INF, "neither",
        "named groups with a held-out choice",
        "Zhu et al. 2020; population standard deviation; over 'popularity of the item' it is Elliot's PopREO.",
        f"Read the values of the groups beside it. {_CHOICES}", "items",
    ),
    Metric(
        "gini_within", "Gini inside the group", "How unequally attention falls on the items inside the group.",
        "sum_j (2j-n-1) x_(j) / ((n-1) sum x)", 0, 1, "neither", "catalogue items of the group",
        "Never-shown items included; an item of several groups counts whole in each.", "Does not say which items win.",
        "items",
    ),
    Metric(
        "awrf", "Distance from the goal (AWRF)", "How far the attention inside each list is from the goal: 0 as the goal.",
        "mean over lists of half the sum over groups of |share of attention - goal|", 0, 1, "neither",
        "people with a list",
        f"Sapiezynski et al. 2019; |difference| where there are two groups. {_SPLIT} {_GOAL}",
        f"A short list cannot hold all groups, so it is never 0 with many. {_DEPENDS}", "items",
    ),
    Metric(
        "awrf_kl", "Distance from the goal (AWRF, KL)", "The same, with larger distances weighing more.",
        "mean over lists of sum share ln(share / goal)", 0, INF, "neither",
        "people whose list shows no group outside the catalogue", f"KL of list from goal, natural logarithm. {_SPLIT}",
        _GOAL, "items",
    ),
    Metric(
        "ndkl", "Distance from the goal along the list (NDKL)",
        "How far every top of a list is from the goal, the first places weighing most.",
        "(1/Z) sum_i KL(shares of the first i || goal) / log2(i+1)", 0, INF, "neither",
        "people whose list shows no group outside the catalogue",
        f"Geyik et al. 2019, natural logarithm, mean over lists. {_SPLIT} {_GOAL}",
        "Never 0: the first place alone is far from any goal.", "items",
    ),
    Metric(
        "fastar_share", "Lists that pass FA*IR",
        "The share of lists whose every top holds enough of the group for chance to explain.",
        "lists with count(first i) >= m(i) for all i / lists", 0, 1, "neither",
        "lists that are long enough for the table to ask for an item of the group",
        "Zehlike et al. 2017, alpha .1 over the whole list (the nearest table, its own chance to fail beside it); p is the "
        "group's share of the catalogue, an item of several groups counting whole. Interval: Wilson, over people.",
        "Tests too few, never too many.", "items",
    ),
    Metric(
        "ee_loss", "Expected exposure, loss (EE-L)",
        "How far the attention that items get is from giving equally relevant items the same.",
        "|exposure - target|^2", 0, INF, "lower", "people with a list and a held-out choice of the catalogue",
        f"Diaz et al. 2020, mean over people. {_DIAZ}", _CHOICES, "items",
    ),
    Metric(
        "ee_disparity", "Expected exposure, disparity (EE-D)", "How concentrated the attention of a list is.",
        "|exposure|^2", 0, INF, "neither", "people with a list and a held-out choice of the catalogue",
        f"Diaz et al. 2020. {_DIAZ}", "One fixed list a person has the largest disparity there is.", "items",
    ),
    Metric(
        "ee_relevance", "Expected exposure, relevance (EE-R)", "How much of the attention falls where the target wants it.",
        "2 exposure . target", 0, INF, "higher", "people with a list and a held-out choice of the catalogue",
        f"Diaz et al. 2020. {_DIAZ}", _CHOICES, "items",
    ),
    Metric(
        "group_ee_loss", "Expected exposure of groups, loss",
        "How far the attention of groups, over everybody, is from what the target gives them.",
        "sum over groups of (exposure - target)^2", 0, INF, "lower",
        "people with a list and a held-out choice of the catalogue",
        f"Diaz et al. 2020, summed over the items of a group and averaged over people first. {_DIAZ} {_SPLIT}",
        f"Too much with one person makes up for too little with another. {_CHOICES}", "items",
    ),
)  # fmt: skip

ITEM_METRICS: dict[str, Metric] = {each.name: each for each in _ALL}
