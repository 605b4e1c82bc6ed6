"""The demo world as tables: titles, people and choices under the public column names."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.columns import ITEM, PROVIDER, TIME, TITLE, USER, VALUE
from data.demo.catalogue import NO_GENRE, PROVIDERS, Catalogue
from data.demo.choices import BEGIN, LENGTH, Choices
from data.demo.draws import Stream, generator, pick_one
from data.demo.people import AGE_GROUPS, PLANS, REGIONS, STAR_SIGNS, People
from data.demo.planted import DEVICES, GENDERS
from data.demo.words import GENRES, LANGUAGES, MOODS, NAMES, PLACES, SET_SOMEWHERE, SETTINGS, TITLE_PATTERNS

_GENRE_NAMES = np.array(list(GENRES), dtype=object)
_NOUNS = np.array([nouns.split("|") for nouns, _ in GENRES.values()], dtype=object)
_SUBJECTS = np.array([subjects.split("|") for _, subjects in GENRES.values()], dtype=object)
_ADJECTIVES = np.array([adjectives.split("|") for _, _, adjectives, _ in MOODS.values()], dtype=object)
_CLOSINGS = np.array([closings.split("|") for *_, closings in MOODS.values()], dtype=object)
_FORMATS = np.array(["film", "series", "short film"], dtype=object)
_DAY = np.timedelta64(1, "D")


def ids(letter: str, count: int) -> np.ndarray:
    """'i0001', 'i0002', …: text ids of equal length, so that their order is that of the positions."""
    width = max(len(str(count)), 4)
    return np.array([f"{letter}{number:0{width}d}" for number in range(1, count + 1)], dtype=object)


def items_frame(seed: int, catalogue: Catalogue) -> pd.DataFrame:
    """One row a title; nothing here but genres, mood and provider has to do with who chooses it."""
    rng = generator(seed, Stream.WORDS)
    count = len(catalogue.genre)
    form = _FORMATS[pick_one((0.62, 0.30, 0.08), rng.random(count))]
    added = _arrival(rng, catalogue)
    arrived = added.astype("datetime64[Y]").astype(np.int64) + 1970
    age = np.where(catalogue.is_new, rng.integers(0, 2, count), np.floor(rng.exponential(14, count)))
    year = np.maximum(arrived - age.astype(np.int64), 1950)
    second = np.where(catalogue.second == NO_GENRE, "", "|" + _GENRE_NAMES[catalogue.second])
    titles = _titles(rng, catalogue)
    return pd.DataFrame(
        {
            ITEM: ids("i", count),
            TITLE: titles,
            PROVIDER: np.array(PROVIDERS, dtype=object)[catalogue.provider],
            "genres": _GENRE_NAMES[catalogue.genre] + second,
            "format": form,
            "year": year,
            "era": pd.Series(year // 10 * 10).astype(str) + "s",
            "language": _one_of(list(LANGUAGES), pick_one(tuple(LANGUAGES.values()), rng.random(count))),
            "description": _descriptions(rng, catalogue, form),
            "added_on": added.astype("datetime64[s]"),
        }
    )


def users_frame(people: People) -> pd.DataFrame:
    """One row a person; an attribute that was not given is missing."""
    return pd.DataFrame(
        {
            USER: ids("u", len(people.gender)),
            "gender": _given(GENDERS, people.gender, people.gender_given),
            "age_group": _given(AGE_GROUPS, people.age_group, people.age_given),
            "star_sign": _one_of(STAR_SIGNS, people.star_sign),
            "region": _one_of(REGIONS, people.region),
            "device": _one_of(DEVICES, people.device),
            "plan": _one_of(PLANS, people.plan),
        }
    )


def interactions_frame(choices: Choices, n_users: int, n_items: int) -> pd.DataFrame:
    """One row a choice, sorted by person and then by time."""
    return pd.DataFrame(
        {
            USER: ids("u", n_users)[choices.user],
            ITEM: ids("i", n_items)[choices.item],
            VALUE: choices.value,
            TIME: choices.timestamp,
        }
    )


def _arrival(rng: np.random.Generator, catalogue: Catalogue) -> np.ndarray:
    """Days: within the two years for new titles, in the ten years before for the others."""
    before = BEGIN - rng.integers(1, 3650, len(catalogue.added)) * 86_400
    moment = np.where(catalogue.is_new, BEGIN + catalogue.added * LENGTH, before)
    return moment.astype(np.int64).astype("datetime64[s]").astype("datetime64[D]")


def _titles(rng: np.random.Generator, catalogue: Catalogue) -> np.ndarray:
    """Titles of words of their genre and mood; a title that comes again is a sequel: 'The Blue Kite II'."""
    count = len(catalogue.genre)
    words = {
        "adjective": _draw(rng, _ADJECTIVES, catalogue.mood),
        "noun": _draw(rng, _NOUNS, catalogue.genre),
        "place": _one_of(PLACES, rng.integers(len(PLACES), size=count)),
        "name": _one_of(NAMES, rng.integers(len(NAMES), size=count)),
    }
    patterns = _one_of(TITLE_PATTERNS, rng.integers(len(TITLE_PATTERNS), size=count))
    titles = pd.Series(_filled(patterns, words))
    part = titles.groupby(titles).cumcount().to_numpy() + 1
    return np.where(part > 1, titles + " " + _one_of(_numerals(int(part.max())), part - 1), titles)


def _descriptions(rng: np.random.Generator, catalogue: Catalogue, form: np.ndarray) -> np.ndarray:
    count = len(catalogue.genre)
    takes_setting = np.isin(_GENRE_NAMES[catalogue.genre], SET_SOMEWHERE)
    words = {
        "article": np.array([article for _, article, *_ in MOODS.values()], dtype=object)[catalogue.mood],
        "mood": _one_of(list(MOODS), catalogue.mood),
        "genre": _one_of([name.lower() for name in GENRES], catalogue.genre),
        "format": form,
        "subject": _draw(rng, _SUBJECTS, catalogue.genre),
        "setting": np.where(takes_setting, ", set " + _one_of(SETTINGS, rng.integers(len(SETTINGS), size=count)), ""),
        "closing": _draw(rng, _CLOSINGS, catalogue.mood),
    }
    pattern = "{article} {mood} {genre} {format} about {subject}{setting}. {closing}"
    return _filled(np.full(count, pattern, dtype=object), words)


def _filled(patterns: np.ndarray, words: dict[str, np.ndarray]) -> np.ndarray:
    """Each pattern with the words of its row."""
    rows = zip(*words.values(), strict=True)
    filled = [pattern.format(**dict(zip(words, row, strict=True))) for pattern, row in zip(patterns, rows, strict=True)]
    return np.array(filled, dtype=object)


def _draw(rng: np.random.Generator, table: np.ndarray, row: np.ndarray) -> np.ndarray:
    """One word of the row of each entry."""
    return table[row, rng.integers(table.shape[1], size=len(row))]


def _one_of(words: tuple[str, ...] | list[str], codes: np.ndarray) -> np.ndarray:
    return np.array(words, dtype=object)[codes]


def _given(words: tuple[str, ...], codes: np.ndarray, given: np.ndarray) -> np.ndarray:
    told = _one_of(words, codes)
    told[~given] = None
    return told


def _numerals(count: int) -> list[str]:
    """I, II, III, … while they are easy to read, then plain numbers."""
    easy = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"]
    return [*easy, *map(str, range(len(easy) + 1, count + 1))][:count]
