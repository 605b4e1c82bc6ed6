"""Compiled loops survive a crowd: with numba's own thread pool two at once would end the process."""

from __future__ import annotations

import os
import subprocess
import sys

CROWD = """
import threading, numpy as np
from audit.inference.permuting import permuted_sums
from models.registry import create
from tests.worlds import small_training

model = create("linear", regularization=20).fit(small_training(people=300))
values, size = np.random.default_rng(0).normal(size=(800, 3)), np.array([300, 500])

def work():
    for _ in range(10):
        permuted_sums(values, size, 300, 1)
        model.recommend(model.profiles(), 10)

threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
print("alive")
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "NUMBA_THREADING_LAYER": "workqueue", "NUMBA_NUM_THREADS": "2"}
    return subprocess.run(
        [sys.executable, "-c", code], env=given, capture_output=True, text=True, timeout=300, check=False
    )


def test_many_threads_may_rank_and_permute_at_once() -> None:
    done = run(CROWD)
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr[-500:]


def test_without_the_lock_the_process_ends() -> None:
    without = "import contextlib, data.parallel\ndata.parallel._LOCK = contextlib.nullcontext()\n" + CROWD
    assert run(without).returncode != 0
