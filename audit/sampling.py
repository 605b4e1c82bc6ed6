"""The sampling statement: whom an audit stands for. What the plan does not tell is read off the data, and says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from audit.overlap import Overlap
from audit.plan import STATED, Plan
from data.errors import BadInput

FIELDS = (*STATED, "seed")
PLANNED, READ = "plan", "data"  # who told a field
FEWEST = 10  # people left out at their own wish; fewer are not counted out


@dataclass(frozen=True)
class Sampled:
    """What the data tells of its sample: counts of people, first and last time in seconds, and how the split was made."""

    data: str
    overlap: Overlap
    everybody: int  # people of the data set who may be in audits
    left_out: int  # people who may not, because they asked for it or had their records restricted
    times: tuple[float, float] | None
    split: str | None  # how choices were held out, with its seed; None: they came with the lists

    @classmethod
    def of(
        cls, data: str, overlap: Overlap, everybody: int, left_out: int, times: np.ndarray | None, split: str | None
    ) -> Sampled:
        """`times`: of every interaction; None where the data has none."""
        ends = None if times is None or not len(times) else (float(times.min()), float(times.max()))
        return cls(data, overlap, everybody, left_out, ends, split)


def statement(plan: Plan, sampled: Sampled) -> list[dict[str, str]]:
    """A row per field of `FIELDS`: `field`, `text`, and `source`, the plan or the data. No text is empty."""
    read = _read(plan, sampled)
    stated = {name: told for name in STATED if (told := getattr(plan, name))}
    return [
        {"field": name, "text": stated.get(name, read[name]), "source": PLANNED if name in stated else READ}
        for name in FIELDS
    ]


def check_statement(rows: list[dict[str, str]] | None) -> None:
    """Refuse a statement with an empty field. None is an audit from before statements were kept: it is let through."""
    if rows is None:
        return
    texts = {row["field"]: (row.get("text") or "").strip() for row in rows}
    empty = next((name for name in FIELDS if not texts.get(name)), None)
    if empty is not None:
        raise BadInput(f"the sampling statement of the audit has nothing for '{empty}'", fix="audit again")


def _read(plan: Plan, of: Sampled) -> dict[str, str]:
    found = of.overlap
    inside = found.listed + found.judged - found.both
    return {
        "frame": f"people of data set '{of.data}' with a list or a held-out choice: {inside:,} of {max(of.everybody, inside):,}; "
        f"{found.both:,} have both",
        "period": _period(of.times),
        "sample": f"all {inside:,} of them, nobody was drawn; {_left_out(of.left_out)}",
        "representativeness": "not assessed: the audit stands for the people in it, and whether they stand for others is "
        "for whoever states the frame",
        "seed": f"{of.split or 'the held-out choices came with the lists, so how they were split is not known here'}; "
        f"resamples and permutations: seed {plan.seed}",
    }


def _period(times: tuple[float, float] | None) -> str:
    if times is None:
        return "not known: the data has no times"
    first, last = (datetime.fromtimestamp(each, UTC).date().isoformat() for each in times)
    return f"{first} to {last}, the days of the first and of the last interaction"


def _left_out(people: int) -> str:
    """A few people are never counted out: two audits beside each other would tell of one."""
    if not people:
        return "nobody was left out at their own wish or because their records are restricted"
    number = f"{people:,}" if people >= FEWEST else f"fewer than {FEWEST}"
    return f"{number} people were left out because they wish it or because their records are restricted"
