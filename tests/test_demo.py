"""The demo world: every planted size is found again in its tables, and nothing is found where nothing is planted."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score

from data.build import build
from data.columns import Kind, Role
from data.demo import NOTHING, PLANTED, DemoTruth, demo_source, null_source, truth
from data.demo.catalogue import N_TASTES
from data.demo.choices import BEGIN, LENGTH, chances
from data.demo.draws import pick
from data.demo.exact import auc
from data.demo.people import People
from data.demo.planted import DEVICES, GENDERS
from data.demo.world import make_world
from data.errors import BadInput
from data.tables import Source

SEEDS = (20, 21, 22, 23, 24)
PAGE = Path(__file__).resolve().parent.parent / "docs" / "demo-world.md"


@cache
def demo(seed: int) -> Source:
    return demo_source(seed=seed)


@cache
def null(seed: int) -> Source:
    return null_source(seed)


@cache
def answers(seed: int) -> DemoTruth:
    return truth(seed=seed)


def joined(source: Source) -> pd.DataFrame:
    """Choices with what the tables say about the person and the title, in the order in which they were made."""
    items, users = source.items.frame.set_index("item_id"), source.users.frame.set_index("user_id")
    log = source.interactions.frame
    genre = items["genres"].str.split("|").str[0]
    told = {"gender": users["gender"].reindex(log["user_id"]), "genre": genre.reindex(log["item_id"])}
    told["provider"] = items["provider"].reindex(log["item_id"])
    frame = log.assign(**{name: column.to_numpy() for name, column in told.items()})
    return frame.sort_values(["user_id", "timestamp"], kind="stable")


def tables(source: Source) -> bytes:
    return b"".join(raw.frame.to_csv().encode() for raw in (source.interactions, source.items, source.users))


# ---- the same seed, the same world


def test_equal_seeds_give_equal_bytes_and_touch_nothing_global() -> None:
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = tables(demo_source(seed=7, n_users=60, n_items=150))
    np.random.seed(1)  # noqa: NPY002
    assert tables(demo_source(seed=7, n_users=60, n_items=150)) == first
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert tables(demo_source(seed=8, n_users=60, n_items=150)) != first


def test_more_people_do_not_change_the_catalogue() -> None:
    few, many = (demo_source(n_users=n, n_items=150).items.frame for n in (30, 90))
    pd.testing.assert_frame_equal(few, many)


def test_the_null_world_has_the_same_people_and_titles() -> None:
    hidden = ["gender", "device"]  # planted: who answered, and on what
    pd.testing.assert_frame_equal(demo(20).items.frame, null(20).items.frame)
    pd.testing.assert_frame_equal(demo(20).users.frame.drop(columns=hidden), null(20).users.frame.drop(columns=hidden))
    assert len(null(20).interactions.frame) != len(demo(20).interactions.frame)


def test_it_opens_at_once() -> None:
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        demo_source()
        taken.append(time.perf_counter() - start)
    assert min(taken) < 1.5


# ---- a world like real ones


@pytest.mark.parametrize("seed", SEEDS)
def test_the_log_looks_like_a_real_one(seed: int) -> None:
    log = demo(seed).interactions.frame
    counts = log.groupby("user_id").size()
    assert not log.duplicated(["user_id", "item_id"]).any()
    assert 0.02 <= len(log) / (2000 * 1200) <= 0.04
    assert len(counts) == 2000
    assert 33 <= counts.median() <= 45
    assert 8 <= counts.min() <= counts.max() <= 400
    assert counts.max() > 250
    assert set(log["value"]) == {1, 2, 3, 4, 5}
    assert log["timestamp"].between(BEGIN, BEGIN + LENGTH).all()
    by_title = log.groupby("item_id").size().sort_values(ascending=False)
    assert 0.25 < by_title[:120].sum() / len(log) < 0.5  # the most chosen tenth


@pytest.mark.parametrize("seed", SEEDS)
def test_new_titles_are_chosen_by_few_and_never_before_they_came(seed: int) -> None:
    items, log = demo(seed).items.frame.set_index("item_id"), demo(seed).interactions.frame
    new = items["added_on"] >= pd.Timestamp(BEGIN, unit="s")
    assert 0.045 <= new.mean() <= 0.075
    counts = log.groupby("item_id").size().reindex(items.index, fill_value=0)
    assert counts[new].median() <= 5
    assert counts[~new].median() > 30
    assert (counts[new] == 0).any()
    arrived = items["added_on"].reindex(log["item_id"]).to_numpy()
    assert (log["timestamp"].to_numpy().astype("datetime64[s]") >= arrived).all()


def test_the_catalogue_reads_well_and_is_all_there() -> None:
    items = demo(20).items.frame
    assert items["title"].is_unique
    assert items["title"].str.len().between(8, 60).all()
    assert items.notna().all().all()
    assert items["provider"].nunique() == 41
    assert items["provider"].value_counts().iloc[0] > 15 * items["provider"].value_counts().iloc[-1]
    assert "Independents" in set(items["provider"])
    assert items["genres"].str.split("|").explode().nunique() == 14
    assert items["genres"].str.contains("|", regex=False).mean() > 0.4
    assert (items["year"] <= items["added_on"].dt.year).all()
    assert (items["era"] == (items["year"] // 10 * 10).astype(str) + "s").all()
    assert not items["description"].str.contains(r"[{}]|  ", regex=True).any()


def test_a_description_tells_what_a_title_is() -> None:
    items = demo(20).items.frame
    vectors = TfidfVectorizer().fit_transform(items["description"])
    likeness = (vectors @ vectors.T).toarray()
    np.fill_diagonal(likeness, -1)
    genre, taste = items["genres"].str.split("|").str[0].to_numpy(), answers(20).items["taste"].to_numpy()
    nearest = likeness.argmax(axis=1)
    assert (genre == genre[nearest]).mean() > 0.8  # by chance 1/14
    assert (taste == taste[nearest]).mean() > 0.6  # by chance 1/28


def test_the_door_accepts_it() -> None:
    dataset, sensitive = build(demo(20), "demo")
    assert list(sensitive.columns) == ["gender", "age_group", "star_sign"]
    assert dataset.attributes(Role.SEGMENT) == ["region", "device"]
    assert dataset.attributes(Role.FEATURE) == ["plan"]
    assert dataset.kinds["genres"] is Kind.MULTI
    assert dataset.kinds["description"] is Kind.TEXT
    assert len(dataset.warnings) == 1
    assert "no interactions" in dataset.warnings[0]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.integers(20, 80), st.integers(100, 220))
def test_a_world_of_any_size_is_sound(seed: int, n_users: int, n_items: int) -> None:
    source = demo_source(seed=seed, n_users=n_users, n_items=n_items)
    dataset, _ = build(source, "small")
    assert len(dataset.items) == n_items
    assert len(dataset.users) == n_users
    assert dataset.items["title"].is_unique
    assert np.bincount(dataset.interactions.user, minlength=n_users).min() >= 1


@pytest.mark.parametrize(
    ("size", "told"), [({"n_users": 3}, "n_users"), ({"n_items": 9}, "n_items"), ({"seed": -1}, "seed")]
)
def test_a_world_too_small_is_refused(size: dict[str, int], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        demo_source(**size)


# ---- a world that can be learned; the oracle is a five-line EASE


def ndcg(scores: np.ndarray, seen: np.ndarray, held: np.ndarray) -> np.ndarray:
    best = np.argsort(np.where(seen > 0, np.inf, -scores), axis=1, kind="stable")[:, :10]
    weight = 1 / np.log2(np.arange(2, 12))
    ideal = np.append(0, np.cumsum(weight))[np.minimum(held.sum(axis=1), 10).astype(int)]
    gain = (np.take_along_axis(held, best, 1) * weight).sum(axis=1)
    return np.divide(gain, ideal, out=np.full(len(held), np.nan), where=ideal > 0)


def ease(seen: np.ndarray, regularization: float = 250.0) -> np.ndarray:
    inverse = np.linalg.inv(seen.T @ seen + regularization * np.eye(seen.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return seen @ weights


@cache
def learned(seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """nDCG@10 of each person by model on a random split of a fifth, and the lists of the linear model."""
    log = demo(seed).interactions.frame
    user, item = (log[name].str[1:].astype(int).to_numpy() - 1 for name in ("user_id", "item_id"))
    rng = np.random.default_rng(seed)
    test = rng.random(len(log)) < 0.2
    seen, held = np.zeros((2, 2000, 1200))
    seen[user[~test], item[~test]] = 1
    held[user[test], item[test]] = 1
    linear = ease(seen)
    scores = {"linear": linear, "popularity": np.tile(seen.sum(axis=0), (2000, 1)), "random": rng.random(seen.shape)}
    lists = np.argsort(np.where(seen > 0, np.inf, -linear), axis=1)[:, :10]
    return {name: ndcg(score, seen, held) for name, score in scores.items()}, lists


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_linear_model_beats_popularity_and_popularity_beats_chance(seed: int) -> None:
    mean = {name: np.nanmean(values) for name, values in learned(seed)[0].items()}
    assert mean["linear"] > 1.8 * mean["popularity"]
    assert mean["popularity"] > 4 * mean["random"]
    assert mean["linear"] > 0.15


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_recommenders_pass_the_planted_gaps_on(seed: int) -> None:
    quality, lists = learned(seed)
    gender = answers(seed).people["gender"].to_numpy()
    women, men = (quality["linear"][gender == name] for name in ("woman", "man"))
    assert np.nanmean(men) - np.nanmean(women) > 0.05
    provider = answers(seed).items["provider"].to_numpy()[lists]
    assert (provider == "Lantern Row").sum() < 0.5 * (provider == "Copper Kettle").sum()


# ---- (a) a gap in quality


@pytest.mark.parametrize("seed", SEEDS)
def test_choices_from_the_own_taste_are_as_many_as_planted(seed: int) -> None:
    log, key = demo(seed).interactions.frame, answers(seed)
    home = (
        key.items["taste"].reindex(log["item_id"]).to_numpy() == key.people["taste"].reindex(log["user_id"]).to_numpy()
    )
    observed = pd.Series(home).groupby(log["user_id"]).mean().groupby(key.people["gender"]).mean()
    for gender in ("woman", "man"):
        assert observed[gender] == pytest.approx(key.quality_gap.in_log[gender], abs=0.01)
    assert observed["woman"] < observed["man"] - 0.04


def same_genre(log: pd.DataFrame) -> float:
    """Chance that two choices of one person have the same first genre: mean over people."""
    counts = log.groupby(["user_id", "genre"]).size().unstack(fill_value=0)
    size = counts.sum(axis=1)
    return float(((counts * (counts - 1)).sum(axis=1) / (size * (size - 1))).mean())


def test_the_noise_is_found_from_the_tables_alone() -> None:
    # two choices of a person agree with (1-e)²·S + (1-(1-e)²)·b, b between strangers: the root of the ratio is
    # (1-e of women) / (1-e of men) = 0.60 / 0.90; sampling error over five seeds about 0.02
    found = []
    for seed in SEEDS:
        log = joined(demo(seed))
        strangers = float((log["genre"].value_counts(normalize=True) ** 2).sum())
        women, men = (same_genre(log[log["gender"] == name]) - strangers for name in ("woman", "man"))
        found.append(np.sqrt(women / men))
    assert np.mean(found) == pytest.approx((1 - PLANTED.noise[0]) / (1 - PLANTED.noise[1]), abs=0.05)


def draw_chances(people: People, rows: np.ndarray, user: int, noise: float) -> np.ndarray:
    """The chance of every title in one draw of a person, term by term."""
    total = noise * rows[2 * N_TASTES]
    for taste in range(N_TASTES):
        row = taste + N_TASTES * int(people.niche[user])
        total = total + (1 - noise) * (0.8 * people.early[user, taste] + 0.2 * people.late[user, taste]) * rows[row]
    return total


def test_closed_forms_equal_the_literal_sums() -> None:
    key, world = truth(seed=3, n_users=40, n_items=120), make_world(3, 40, 120, PLANTED)
    rows = chances(world.catalogue)
    rows[:, world.catalogue.is_new] = 0
    rows /= rows.sum(axis=1, keepdims=True)
    share = np.zeros(120)
    for user in range(40):
        chance = draw_chances(world.people, rows, user, float(world.people.noise[user]))
        home = world.catalogue.taste == key.people["taste"].iloc[user]
        assert key.people["own_taste"].iloc[user] == pytest.approx(chance[home].sum(), abs=1e-12)
        assert key.people["ceiling"].iloc[user] == pytest.approx(sum(sorted(chance)[-10:]), abs=1e-12)
        share += chance / 40
    starved = (key.items["provider"] == "Lantern Row").to_numpy()
    assert key.provider.share == pytest.approx(share[starved].sum(), abs=1e-12)
    women = np.flatnonzero(world.people.gender == 0)
    calm = [draw_chances(world.people, rows, user, PLANTED.noise[1]) for user in women]
    homes = [world.catalogue.taste == key.people["taste"].iloc[user] for user in women]
    without = np.mean([chance[home].sum() for chance, home in zip(calm, homes, strict=True)])
    assert key.quality_gap.effect == pytest.approx(key.quality_gap.own_taste["woman"] - without, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_expected_log_is_the_log(seed: int) -> None:
    # choices of a title vary about like a Poisson count; the approximation itself is good to about 3 %
    items = answers(seed).items[~answers(seed).items["is_new"]]
    observed = demo(seed).interactions.frame.groupby("item_id").size().reindex(items.index, fill_value=0)
    expected = items["expected_choices"]
    assert observed.sum() == pytest.approx(expected.sum(), rel=0.06)
    assert ((observed - expected) / np.sqrt(expected)).std() < 1.3
    assert np.corrcoef(np.log1p(observed), np.log1p(expected))[0, 1] > 0.97


# ---- (b) a provider starved of exposure, and a pair that is not


def provider_counts(source: Source, first: int | None = None) -> pd.Series:
    log = joined(source)
    return (log if first is None else log.groupby("user_id").head(first))["provider"].value_counts()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_starved_provider_is_chosen_as_rarely_as_planted(seed: int) -> None:
    # about 1,000 against 2,600 choices: standard error of the ratio about 4 %
    planted, counts = answers(seed).provider, provider_counts(demo(seed))
    assert counts[planted.provider] / counts[planted.peer] == pytest.approx(planted.choice_ratio, rel=0.12)


def test_the_multiplier_is_found_in_first_choices() -> None:
    # in the first five choices hardly any title was chosen before; about 450 against 1,300: standard error 5 %
    counts = sum(provider_counts(demo(seed), first=5) for seed in SEEDS)
    assert counts["Lantern Row"] / counts["Copper Kettle"] == pytest.approx(PLANTED.multiplier, rel=0.16)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_matched_providers_are_equally_good(seed: int) -> None:
    key, log = answers(seed), joined(demo(seed))
    for name in ("Lantern Row", "Paper Heron"):
        mine = key.items[key.items["provider"] == name]
        theirs = key.items.loc[mine["twin"]]
        assert len(mine) == 36
        assert theirs["provider"].isin(["Copper Kettle", "Ninth Orchard"]).all()
        for column in ("taste", "quality", "fame"):
            assert np.array_equal(mine[column], theirs[column])
    value = log.groupby("provider")["value"].mean()
    assert value["Lantern Row"] == pytest.approx(value["Copper Kettle"], abs=0.12)


def test_the_equal_pair_is_equal() -> None:
    ratios = []
    for seed in SEEDS:
        first, second = answers(seed).nulls.providers
        counts = provider_counts(demo(seed))
        ratios.append(np.log(counts[first] / counts[second]))
        assert answers(seed).nulls.choice_ratio == pytest.approx(1, abs=1e-12)
    assert np.abs(ratios).max() < 0.08  # standard error about 0.02 each
    assert abs(np.mean(ratios)) < 0.03


# ---- (c) a proxy


@pytest.mark.parametrize("seed", SEEDS)
def test_the_device_tells_gender_as_well_as_planted(seed: int) -> None:
    users = demo(seed).users.frame
    known = users[users["gender"].isin(["woman", "man"])]
    score = known["device"].map(pd.crosstab(known["device"], known["gender"], normalize="index")["woman"])
    planted = answers(seed).proxy
    assert planted.auc == pytest.approx(0.75, abs=0.01)
    assert roc_auc_score(known["gender"] == "woman", score) == pytest.approx(planted.auc, abs=0.035)  # s.e. 0.011


def test_the_closed_form_of_the_auc_is_that_of_scikit_learn() -> None:
    women, men = PLANTED.device[0], PLANTED.device[1]
    labels, scores = np.repeat([1, 0], 5), np.tile(np.asarray(women) / np.asarray(men), 2)
    expected = roc_auc_score(labels, scores, sample_weight=[*women, *men])
    assert auc(women, men) == pytest.approx(expected, abs=1e-12)


# ---- (d) attributes missing not at random


@pytest.mark.parametrize("seed", SEEDS)
def test_gender_is_missing_as_often_as_planted(seed: int) -> None:
    users, key = demo(seed).users.frame.set_index("user_id"), answers(seed)
    rate = users["gender"].isna().groupby(key.people["gender"]).mean()
    assert rate["woman"] == pytest.approx(0.12, abs=0.033)  # three standard errors of about 920 and 1,000 people
    assert rate["man"] == pytest.approx(0.04, abs=0.019)
    told = users["gender"].notna()
    assert (users.loc[told, "gender"] == key.people.loc[told, "gender"]).all()
    assert (users["gender"] == "woman").sum() / told.sum() == pytest.approx(key.missing.share_among_given, abs=0.035)
    assert key.missing.share_among_given < key.missing.true_share - 0.015
    assert users["gender"].isna().mean() == pytest.approx(key.missing.overall, abs=0.018)
    assert users["age_group"].isna().mean() == pytest.approx(0.05, abs=0.015)


# ---- (e) lovers of hits and of the niche


@pytest.mark.parametrize("seed", SEEDS)
def test_niche_lovers_are_as_many_as_planted_and_choose_as_few_hits(seed: int) -> None:
    key, log = answers(seed), demo(seed).interactions.frame
    hit = pd.Series(key.items["is_hit"].reindex(log["item_id"]).to_numpy()).groupby(log["user_id"]).mean()
    by_kind = hit.groupby(key.people["niche"]).mean()
    assert by_kind[False] == pytest.approx(key.fame.in_log["blockbuster"], abs=0.015)
    assert by_kind[True] == pytest.approx(key.fame.in_log["niche"], abs=0.015)
    assert key.fame.share_drawn == pytest.approx(PLANTED.niche_share, abs=0.031)


def test_the_share_of_niche_lovers_is_found_from_the_mean_share_of_hits() -> None:
    # the mean over everybody is a mixture of the two means that the answer sheet states; standard error 0.01
    found = []
    for seed in SEEDS:
        key, log = answers(seed), demo(seed).interactions.frame
        hit = pd.Series(key.items["is_hit"].reindex(log["item_id"]).to_numpy()).groupby(log["user_id"]).mean()
        follows, niche = key.fame.in_log["blockbuster"], key.fame.in_log["niche"]
        found.append((follows - hit.mean()) / (follows - niche))
    assert np.mean(found) == pytest.approx(PLANTED.niche_share, abs=0.04)


# ---- nothing where nothing is planted


def per_person(source: Source, key: DemoTruth) -> pd.DataFrame:
    log = source.interactions.frame
    taste = (
        key.items["taste"].reindex(log["item_id"]).to_numpy() == key.people["taste"].reindex(log["user_id"]).to_numpy()
    )
    marked = log.assign(own=taste, hit=key.items["is_hit"].reindex(log["item_id"]).to_numpy())
    means = marked.groupby("user_id")[["own", "hit", "value"]].mean()
    return means.assign(activity=marked.groupby("user_id").size())


def p_values(source: Source, key: DemoTruth, attributes: tuple[str, ...]) -> np.ndarray:
    """Kruskal-Wallis tests of four things about people by each attribute."""
    people, users = per_person(source, key), source.users.frame.set_index("user_id")
    found = []
    for attribute in attributes:
        groups = [people.loc[rows] for rows in users.groupby(attribute).groups.values()]
        found += [stats.kruskal(*(group[column] for group in groups)).pvalue for column in people]
    return np.array(found)


def assert_silent(found: np.ndarray) -> None:
    """No p-value under Bonferroni's level of 5 %, and not too many under 5 %: each holds in over 95 % of null worlds."""
    assert found.min() > 0.05 / len(found)
    assert (found < 0.05).sum() <= stats.binom.ppf(0.995, len(found), 0.05)


def test_null_attributes_are_silent() -> None:
    assert_silent(
        np.concatenate([p_values(demo(seed), answers(seed), answers(seed).nulls.attributes) for seed in SEEDS])
    )


def test_the_same_test_is_not_deaf() -> None:
    found = p_values(demo(20), answers(20), ("gender",))
    assert found[0] < 1e-6  # own taste
    with pytest.raises(AssertionError):
        assert_silent(found)


def test_in_the_null_world_everything_is_silent() -> None:
    everything = ("gender", "age_group", "star_sign", "region", "device", "plan")
    found = []
    for seed in SEEDS[:3]:
        key, source = truth(seed=seed, planted=NOTHING), null(seed)
        users, counts = source.users.frame.set_index("user_id"), provider_counts(source)
        assert counts["Lantern Row"] / counts["Copper Kettle"] == pytest.approx(1, abs=0.09)
        proxy, missing = (
            pd.crosstab(column, key.people["gender"]) for column in (users["device"], users["gender"].isna())
        )
        found += [*p_values(source, key, everything), *(stats.chi2_contingency(t).pvalue for t in (proxy, missing))]
    assert_silent(np.array(found))


def test_the_answer_sheet_of_the_null_world_says_nothing() -> None:
    key = truth(n_users=100, n_items=150, planted=NOTHING)
    assert key.quality_gap.effect == pytest.approx(0, abs=1e-12)
    assert key.quality_gap.ceiling_effect == pytest.approx(0, abs=1e-12)
    assert key.provider.choice_ratio == pytest.approx(1, abs=1e-12)
    assert key.provider.share == key.provider.merit_share
    assert key.proxy.auc == pytest.approx(0.5, abs=1e-12)
    assert key.missing.share_among_given == pytest.approx(key.missing.true_share, abs=1e-12)
    assert np.isnan(key.fame.hit_share["niche"])


# ---- draws, and the page that explains


@given(st.integers(1, 6), st.integers(1, 9), st.integers(0, 2**32))
def test_pick_is_the_first_step_above_the_draw(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, row, draw = rng.random((rows, columns)) + 0.01, rng.integers(rows, size=20), rng.random(20)
    expected = []
    for chosen, height in zip(row, draw, strict=True):
        total, column = 0.0, 0
        while (total := total + weights[chosen, column] / weights[chosen].sum()) <= height and column < columns - 1:
            column += 1
        expected.append(column)
    assert pick(weights, row, draw).tolist() == expected


def test_the_page_states_the_sizes_of_the_default_world() -> None:
    page, key = PAGE.read_text(encoding="utf-8"), answers(20)
    stated = [
        *(f"{key.quality_gap.noise[name]:.2f}" for name in GENDERS[:2]),
        *(f"{key.quality_gap.own_taste[name]:.3f}" for name in GENDERS[:2]),
        *(f"{key.quality_gap.ceiling[name]:.3f}" for name in GENDERS[:2]),
        f"{key.quality_gap.effect:.3f}".replace("-", "−"),
        f"{key.quality_gap.ceiling_effect:.3f}".replace("-", "−"),
        f"{key.provider.multiplier:.2f}",
        f"{key.provider.choice_ratio:.3f}",
        f"{key.proxy.auc:.3f}",
        *(f"{rate:.0%}".replace("%", " %") for rate in PLANTED.gender_missing[:2]),
        f"{key.missing.share_among_given:.3f}",
        f"{key.fame.share:.2f}",
        *(f"{share:.3f}" for share in key.fame.hit_share.values()),
        *DEVICES,
        *key.nulls.attributes,
        *key.nulls.providers,
    ]
    assert not [text for text in stated if text not in page]
