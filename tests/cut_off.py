"""A process that erases and is killed on the way: `python -m tests.cut_off`, an order a line.

An order is a state folder and a number: the boundary at which a process of its own is killed with SIGKILL while it erases
the person, or 0 for one that is left alone and says how many boundaries there are. 'resume' goes on in another process.
'limit' and a number erases where no file may grow past so many bytes, and says what was said. A boundary is before and
after each step, and before each file is put in place or removed and each transaction is kept.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.use_cases import erasing
from app.use_cases.erasing import doing
from app.use_cases.erasing.steps import Step
from app.workspace import opened
from data.errors import SightglassError
from tests.erasing import DATA, PERSON


class Boundaries:
    """Counts boundaries, and ends this process without a word at the chosen one."""

    def __init__(self, chosen: int) -> None:
        self.chosen, self.count = chosen, 0

    def here(self, *_: Any) -> None:
        self.count += 1
        if self.count == self.chosen:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, step: Step) -> Step:
        def work(*given: Any) -> Any:
            self.here()
            told = step.work(*given)
            self.here()
            return told

        return Step(step.words, work)

    def before(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            self.here()
            return work(*given, **named)

        return counted

    def install(self) -> None:
        plain = doing._do
        doing._do = lambda step, *given: plain(self.around(step), *given)
        for module, name in ((os, "replace"), (os, "unlink"), (os, "rename"), (shutil, "rmtree")):
            setattr(module, name, self.before(getattr(module, name)))
        event.listen(Engine, "commit", self.here)


def killed_at(chosen: int) -> None:
    boundaries = Boundaries(chosen)
    with opened() as workspace:
        _ = workspace.database  # its own set-up is no part of an erasure
        boundaries.install()
        erasing.erase(workspace, DATA, PERSON)
    print(boundaries.count, flush=True)


def limited(largest: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    said = "done"
    try:
        with opened() as workspace:
            erasing.erase(workspace, DATA, PERSON)
    except SightglassError as refused:
        said = str(refused)
    print(repr(said), flush=True)


def resumed(_: int) -> None:
    with opened() as workspace:
        print(len(erasing.resume(workspace)), flush=True)


ORDERS = {"resume": resumed, "limit": limited}


def main() -> None:
    for order in sys.stdin:
        home, _, what = order.strip().partition(" ")
        child = os.fork()
        if child == 0:
            os.environ["SIGHTGLASS_HOME"] = home
            try:
                ORDERS.get(what.split()[0], killed_at)(int(what.split()[-1]))
            except BaseException as error:
                print(f"raised {error!r}", flush=True)
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}", flush=True)


if __name__ == "__main__":
    main()
