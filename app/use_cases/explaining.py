"""Explain: why this item for this person, in arithmetic and in one sentence."""

from __future__ import annotations

from typing import Any

from app.use_cases.recommending import parse_item, personal_request
from app.wording import why_sentence
from app.workspace import Workspace
from data.errors import BadInput
from models.explanation import Explanation
from models.serving import explain_served

_K = 10


def explain(
    workspace: Workspace, model_id: str, user: str, item: str, *, serendipity: float | None = None, k: int = _K
) -> dict[str, Any]:
    """The explanation as a document: score, base, exact, parts, counterfactual, neighbours, sentence."""
    return document(explanation(workspace, model_id, user, item, serendipity=serendipity, k=k))


def explanation(
    workspace: Workspace, model_id: str, user: str, item: str, *, serendipity: float | None = None, k: int = _K
) -> Explanation:
    """Why the item has its score in the list that this person is shown, their own choices applied."""
    if not workspace.choices.get(workspace.shelf.about(model_id)["data"], user).profiling:
        raise BadInput(
            "this person switched profiling off, so their list is the same for all and has no personal reasons",
            fix="the titles are ordered by how many people chose each",
        )
    model = workspace.model(model_id)
    request, _ = personal_request(workspace, model_id, model, user, k, serendipity)
    return explain_served(model, request, model.training.items.code(parse_item(item, model.training.items), "item"))


def document(told: Explanation) -> dict[str, Any]:
    """An explanation as plain values, ready for JSON."""
    without = told.counterfactual
    return {
        "model": told.model,
        "user_id": told.user,
        "item_id": told.item,
        "score": told.score,
        "base": told.base,
        "exact": told.exact,
        "kind": str(told.kind),
        "background": told.background,
        "parts": [{"kind": p.kind, "id": p.id, "title": p.title, "value": p.value} for p in told.parts],
        "residual": told.residual,
        "counterfactual": without
        and {"remove": list(without.remove), "rank_before": without.rank_before, "rank_after": without.rank_after},
        "neighbours": told.neighbours,
        "sentence": why_sentence(told),
        "notes": list(told.notes),
    }
