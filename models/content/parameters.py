"""The register rows of the content model: each content column, the history, and how it was rated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.why.parameters import (
    Parameter,
    Scores,
    choices,
    column,
    lazily,
    nothing,
    others_unread,
    ratings,
)

if TYPE_CHECKING:
    from models.content.model import Content


def content_parameters(model: Content) -> tuple[Parameter, ...]:
    """History first, then the columns by their weight (equal weights are declared equal), then the ratings."""
    columns = [_column(model, name) for name in model.training.kinds]
    used = sum(row.declared is not None for row in columns)
    explicit = model.training.explicit
    return (choices(model), *columns, ratings(model, 2 + used if explicit else None), others_unread(model))


def _column(model: Content, name: str) -> Parameter:
    weight = _weight(model, name)
    above = sum(_weight(model, other) > weight for other in model.training.kinds)
    effect = f"Titles that share '{name}' with yours move up." if weight else "None: its weight is 0."
    rank = 2 + above if weight else None
    return Parameter(
        column(name), f"Likeness in '{name}'", (column(name),), effect, rank, lazily(lambda: _left_out(model, name))
    )


def _left_out(model: Content, name: str) -> Scores:
    """The same model with weight 0 for the column; where no column is left, no title is like another."""
    weights = {**model.settings.weights, name: 0.0}
    spoken = {feature.split(": ")[0] for feature in model.names}
    if not spoken - {name}:
        return nothing
    return type(model)(weights=weights).fit(model.training).scores


def _weight(model: Content, name: str) -> float:
    """The weight of a column in the settings; 0 where no title says anything in it."""
    spoken = any(feature.startswith(f"{name}: ") for feature in model.names)
    return float(model.settings.weights.get(name, 1.0)) if spoken else 0.0
