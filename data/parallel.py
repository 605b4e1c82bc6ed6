"""Work on several cores: compiled loops one at a time in a process, and blocks of rows in threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import ParamSpec, TypeVar

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
_Thing = TypeVar("_Thing")
_LOCK = threading.Lock()


def one_at_a_time(kernel: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """The kernel, entered by one thread at a time of all kernels so marked.

    Where the machine has no OpenMP library numba falls back to a thread pool of its own, which ends the whole process when
    two threads enter it at once; the pages of a dashboard are threads.
    """

    @wraps(kernel)
    def alone(*given: _Given.args, **named: _Given.kwargs) -> _Result:
        with _LOCK:
            return kernel(*given, **named)

    return alone


def at_once(work: Callable[[_Thing], _Result], things: Iterable[_Thing]) -> list[_Result]:
    """The results of each thing in their order, as many at once as there are cores.

    It pays for NumPy's own loops, which let other threads run; no two things write to one place.
    """
    listed = list(things)
    if len(listed) < 2:
        return list(map(work, listed))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, listed))


def in_blocks(work: Callable[[slice], object], n: int, size: int) -> None:
    """Do the work on each block of `size` of n rows, as `at_once` does."""
    at_once(work, [slice(start, min(start + size, n)) for start in range(0, n, size)])
