"""Agree: an answer is put in the ledger, and what is done follows from the ledger, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from app.workspace import Workspace
from data.columns import Role
from data.keep.choices import Choice, Effect, Rule
from data.keep.consents import Category, Cell, Consent, Purpose
from data.tables import Dataset

NO_RATINGS = Rule(Effect.UNUSED, "data", str(Category.RATINGS))  # the wish that is the same as withdrawing them
_BASE = (Category.CHOICES, Category.VIEWS)  # without these there is nothing to make a list from
_READ = (*_BASE, Category.RATINGS)  # what lists are made of and models are trained on

State = Mapping[Cell, Consent]


def cells_of(dataset: Dataset) -> tuple[Cell, ...]:
    """What a person can be asked: each purpose with the kinds of data that this data set has for it."""
    base = Category.VIEWS if dataset.interactions.value is None else Category.CHOICES
    own = [base] if dataset.interactions.value is None else [base, Category.RATINGS]
    read = [*own, Category.DEMOGRAPHICS] if dataset.attributes(Role.FEATURE) else own
    judged = [base, Category.DEMOGRAPHICS, Category.TAGS] if dataset.roles else [base, Category.TAGS]
    uses = {Purpose.LISTS: read, Purpose.LEARNING: read, Purpose.AUDITS: judged}
    return tuple((purpose, category) for purpose, categories in uses.items() for category in categories)


def of_purpose(dataset: Dataset, purpose: Purpose) -> list[Cell]:
    """All that is asked for one purpose."""
    return [cell for cell in cells_of(dataset) if cell[0] is purpose]


def answer(
    workspace: Workspace, session: Session, dataset: Dataset, user: str, cells: Collection[Cell], given: bool, text: str
) -> None:
    """One answer to each cell under the notice `text`, and what follows for lists and training."""
    data, choices = dataset.name, workspace.choices
    before = workspace.consents.state_within(session, data, user)
    workspace.consents.record(session, data, user, cells, given, text)
    after = workspace.consents.state_within(session, data, user)
    held = choices.get(data, user, session)
    wanted = decided(cells_of(dataset), cells, before, after, held)
    if wanted.profiling is not held.profiling:
        choices.set_profiling(data, user, wanted.profiling, session)
    if wanted.learning is not held.learning:
        choices.set_learning(data, user, wanted.learning, session)
    for rule in wanted.rules - held.rules:
        choices.add_rule(data, user, rule, session)
    for rule in held.rules - wanted.rules:
        choices.drop_rule(data, user, rule, session)


def decided(
    every: Sequence[Cell], answered: Collection[Cell], before: State, after: State, held: Choice
) -> Choice:  # fmt: skip
    """The switches that the ledger asks for, where an answer was about them.

    Personal lists need the choices (or views), ratings are used or not on their own, and a model is trained on whole
    records: one kind that is withdrawn from learning keeps all of them out. What was never answered is as the operator
    runs it, so nobody has to agree to one kind of data for the use of another.
    """
    base = [(purpose, category) for purpose, category in every if purpose is Purpose.LISTS and category in _BASE]
    ratings = [cell for cell in every if cell == (Purpose.LISTS, Category.RATINGS)]
    learning = [cell for cell in every if cell[0] is Purpose.LEARNING]
    made = held
    if set(base) & set(answered):
        made = replace(made, profiling=_allowed(base, before, after, held.profiling))
    if set(ratings) & set(answered):
        used = _allowed(ratings, before, after, NO_RATINGS not in held.rules)
        made = replace(made, rules=made.rules - {NO_RATINGS} if used else made.rules | {NO_RATINGS})
    if set(learning) & set(answered):
        made = replace(made, learning=_allowed(learning, before, after, held.learning))
    return made


def _allowed(cells: Sequence[Cell], before: State, after: State, held: bool) -> bool:
    """Whether none of the cells is withdrawn; a switch that is off without an entry needs all of them to be given."""
    said = [after[cell].given for cell in cells if cell in after]
    if not all(said):
        return False
    withdrawn_before = any(cell in before and not before[cell].given for cell in cells)
    return held or withdrawn_before or len(said) == len(cells)


def used_now(cell: Cell, state: State, held: Choice, withheld: bool) -> bool:
    """Whether data is used for a purpose now. `withheld`: no list of their own is made, for another reason than a switch."""
    purpose, category = cell
    refused = cell in state and not state[cell].given
    if refused or held.restricted:
        return False
    if purpose is Purpose.AUDITS:
        return True
    if category not in _READ or not held.profiling:
        return False  # no model reads what is noted about a person; and who wants no profile is not learned from
    if purpose is Purpose.LEARNING:
        return held.learning
    return not withheld and (category is not Category.RATINGS or NO_RATINGS not in held.rules)


def agreed_to_lists(state: State) -> bool:
    """Whether the person said themselves that they want personal lists, and did not take it back."""
    return any((entry := state.get((Purpose.LISTS, kind))) is not None and entry.given for kind in _BASE)
