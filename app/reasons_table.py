"""Why each answer is as it is: one row a sentence, with everybody whom it is about."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from app.text import label, literal
from audit.inference.answers import State

MOST, NAMED = 30, 8  # sentences under a table, and names before one of them


def reasons_table(rows: Iterable[tuple[str, str, str]], head: str) -> tuple[pd.DataFrame, int]:
    """(whom, answer, why) as text for a table that reads Markdown, flags first; and how many sentences are left out.

    Whoever has the same answer for the same reason stands in one row; a row without a reason is left out.
    """
    same: dict[tuple[str, str], dict[str, None]] = {}
    for whom, answer, why in rows:
        if why:
            same.setdefault((answer, why), {})[whom] = None  # whoever has several rows is named once
    order = sorted(same, key=lambda key: key[0] != State.FLAG)
    told = [
        {head: _listed(list(same[answer, why])), "answer": literal(answer), "why": literal(why)}
        for answer, why in order[:MOST]
    ]
    frame = pd.DataFrame(told, columns=[head, "answer", "why"])
    return frame if frame["answer"].ne("").any() else frame.drop(columns="answer"), len(order) - len(told)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return "; ".join(map(label, names[:NAMED])) + more
