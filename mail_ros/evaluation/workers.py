"""Parallel processes, one per core, which end with the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from typing import Any

HEAVY = ("mail_ros.evaluation.cells",)  # imports torch, which takes seconds


def context(preload: Sequence[str] = HEAVY) -> BaseContext:
    """How processes start: as forks of one that has imported some modules, where the platform has that."""
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    chosen: BaseContext = multiprocessing.get_context(method)
    chosen.set_forkserver_preload([*preload])
    return chosen


def compute_all(tasks: Sequence[Callable[[], None]], report: Callable[[int], None], period_s: float) -> None:
    """Run all tasks; a failure does not stop the others. Without tasks no process starts.

    Args:
        tasks: can be pickled.
        report: called with the number of finished tasks.
        period_s: longest time between two calls.

    Raises:
        Exception: of the first task that failed.
    """
    if not tasks:
        return
    with ProcessPoolExecutor(os.cpu_count(), context(), end_with_parent) as pool:
        futures: list[Future[None]] = [pool.submit(task) for task in tasks]
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=period_s)
            report(len(futures) - len(pending))
    for future in futures:
        future.result()


@contextmanager
def mapping(preload: Sequence[str], *, several: bool) -> Iterator[Callable[..., Any]]:
    """`map` in this process, or in `several` that have imported some modules; what it maps can be pickled then."""
    if not several:
        yield map
        return
    with ProcessPoolExecutor(os.cpu_count(), context(preload), end_with_parent) as pool:
        yield pool.map


def end_with_parent() -> None:
    """End this process when its parent ends: workers of a killed benchmark must not continue."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
