"""One compiled parallel loop at a time in a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
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
