"""Training views in which one person's row is another one, or new, or in which some people are not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from scipy import sparse

from data.ids import Ids
from models.histories import Training


def with_row(training: Training, user: str, items: np.ndarray, values: np.ndarray) -> Training:
    """The same, where the person chose exactly these items (codes) with these values; somebody unknown is added.

    The result is what `Training.of` makes of a data set that differs in this person alone.
    """
    known = user in training.users
    users = training.users if known else Ids([*training.users.values, user])
    places = training.users.codes(users.values)
    places[users.code(user)] = len(training.users)
    order = np.argsort(items, kind="stable")
    row = sparse.csr_array(
        (np.asarray(values, dtype=np.float64)[order], np.asarray(items, dtype=np.int32)[order], [0, len(items)]),
        shape=(1, len(training.items)),
    )
    stacked = sparse.csr_array(sparse.vstack([training.matrix, row], format="csr"))
    return replace(training, users=users, matrix=sparse.csr_array(stacked[places]))


def without_people(training: Training, users: Collection[str]) -> Training:
    """The same as if these people had never been in it; ids that are not in it are passed over."""
    stay = ~np.isin(training.users.values.astype(str), list(users))
    if not len(users) or stay.all():
        return training
    left = Ids(training.users.values[stay])
    return replace(training, users=left, matrix=sparse.csr_array(training.matrix[training.users.codes(left.values)]))
