"""Explain: why this title, why not that one, why this rather than that; in arithmetic and in words."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from app import difference_words, reason_words
from app.use_cases.personal import PersonalList, parse_item
from app.workspace import Workspace
from data.errors import BadInput
from models import saving
from models.explanation import Exactness, Explanation, Part
from models.popularity import chosen_by
from models.serving import serve, standing_of
from models.why.contrast import Contrast, contrast
from models.why.document import as_document
from models.why.missing import Missing, why_not
from models.why.parameters import inputs_words
from models.why.reasons import explain_served

_K = 10
_ALL = 5_000  # titles of a catalogue up to which every one can be asked about on the page


def explain(
    workspace: Workspace,
    model_id: str,
    user: str,
    item: str,
    *,
    serendipity: float | None = None,
    k: int = _K,
    other: str | None = None,
) -> dict[str, Any]:
    """The explanation as a document: score, base, exact, parts, counterfactual, neighbours, sentence.

    `why_not` is there where the title is not on the list, `contrast` where another title was named.
    """
    asked = Asked(PersonalList.of(workspace, model_id, user, k, serendipity))
    told = asked.why(item)
    words = asked.title
    missing = asked.why_not(item)
    against = asked.rather_than(item, other) if other is not None else None
    return {
        "title": asked.title(told.item),
        "sentence": reason_words.sentence(told),
        "labels": reason_words.labels(told),
        "against": reason_words.against(told),
        "without": reason_words.without(told, words),
        "why_not": missing and {**_missing(missing), "sentence": difference_words.missing(missing, words)},
        "contrast": against and {**_contrast(against), "sentence": difference_words.rather(against, words)},
        "responsible": asked.contact,
        "data_used": asked.data_used(),
        **as_document(told),
    }


def explanation(
    workspace: Workspace, model_id: str, user: str, item: str, *, serendipity: float | None = None, k: int = _K
) -> Explanation:
    """Why the item has its score in the list that this person is shown, their own choices applied."""
    return Asked(PersonalList.of(workspace, model_id, user, k, serendipity)).why(item)


class Asked:
    """The questions about one list: it is made once, and every answer is about that list."""

    def __init__(self, shown: PersonalList) -> None:
        self._shown, self._workspace, self._model_id = shown, shown.workspace, shown.model_id
        self._model, self.request = shown.model, shown.request

    @property
    def contact(self) -> str:
        """Who answers for the list."""
        return self._workspace.policies.contact(self._workspace.shelf.about(self._model_id)["data"])

    def why(self, item: str) -> Explanation:
        """Why the title has its score."""
        if self._model is None or self.request is None:
            return _same_for_all(self._workspace, self._model_id, item)
        told = explain_served(self._model, self.request, self._code(item))
        return told if told.user else replace(told, user=self._shown.user)  # a model does not know whom it never met

    def why_not(self, item: str) -> Missing | None:
        """Why the title is not on the list; None if it is, or if the list is the same for all."""
        if self._model is None or self.request is None:
            return None
        return why_not(self._model, self.request, self._code(item))

    def rather_than(self, item: str, other: str) -> Contrast:
        """What speaks for the one title rather than for the other."""
        if self._model is None or self.request is None:
            return contrast(self.why(item), self.why(other))
        one, two = (
            explain_served(self._model, self.request, self._code(name), counterfactual=False) for name in (item, other)
        )
        if one.item == two.item:
            raise BadInput("a title is not compared with itself", value=item, fix="name two different titles")
        return contrast(one, two)

    def data_used(self) -> list[str]:
        """Which data enters a score of this list, in plain words, from the model's own register."""
        if self._model is None:
            return ["how many people chose each title"]
        read = inputs_words(name for row in self._model.parameters() if row.declared is not None for name in row.reads)
        return [*read, *self._wishes()]

    def _wishes(self) -> list[str]:
        request = self.request
        assert request is not None  # noqa: S101 - asked only of personal lists
        asked = request.withdrawn is not None or request.less or any(boost.own for boost in request.boosts)
        hidden = request.hidden is not None and len(request.hidden) > 0
        return (
            ["what you asked for: titles and categories to hide, to use less, not to use, or that you like"]
            if (asked or hidden)
            else []
        )

    def listed(self) -> list[str]:
        """Ids of the titles on the list, in order."""
        if self._model is None or self.request is None:
            return []
        return [self._model.training.items[code] for code in serve(self._model, self.request).items.tolist()]

    def runners_up(self, count: int = 20) -> list[str]:
        """Ids of the titles that come next after the list: those that a person asks about."""
        if self._model is None or self.request is None:
            return []
        shown = set(serve(self._model, self.request).items.tolist())
        order = [code for code in standing_of(self._model, self.request).order.tolist() if code not in shown]
        return [self._model.training.items[code] for code in order[:count]]

    def askable(self, count: int = 20) -> list[str]:
        """Ids of all titles that are not on the list, those that come next first; of a very large catalogue only these.

        Hidden ones and those that the person chose are among them: the answer says why they are not there.
        """
        first = self.runners_up(count)
        if self._model is None or len(self._model.training.items) > _ALL:
            return first
        known = {*first, *self.listed()}
        return [*first, *(str(name) for name in self._model.training.items.values if name not in known)]

    def title(self, item: str) -> str:
        """The title of an item id."""
        if self._model is None:
            ids, titles, _, _ = saving.popular_items(self._workspace.shelf.folder(self._model_id))
            return titles[ids.code(item, "item")]
        return self._model.title_of(self._model.training.items.code(item, "item"))

    def _code(self, item: str) -> int:
        assert self._model is not None  # noqa: S101 - asked only of personal lists
        items = self._model.training.items
        return items.code(parse_item(item, items), "item")


def _same_for_all(workspace: Workspace, model_id: str, item: str) -> Explanation:
    """Why a title stands where it does in the list that is the same for everybody. It reads the catalogue and counts."""
    ids, _, counts, _ = saving.popular_items(workspace.shelf.folder(model_id))
    name = parse_item(item, ids)
    count = float(counts[ids.code(name, "item")])
    part = Part("term", "popularity", chosen_by(count), count)
    return Explanation("popularity", "", name, count, 0.0, (part,), Exactness.EXACT, "a title that nobody chose")


def _missing(found: Missing) -> dict[str, Any]:
    return {**asdict(found), "lacks": [part._asdict() for part in found.lacks]}


def _contrast(found: Contrast) -> dict[str, Any]:
    parts = [part._asdict() for part in found.parts]
    return {
        "item": found.item,
        "other": found.other,
        "difference": found.difference,
        "base": found.base,
        "parts": parts,
    }
