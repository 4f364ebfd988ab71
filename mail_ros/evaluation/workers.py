"""Work in parallel processes, one per core, which end with the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing.context import BaseContext

HEAVY = ["mail_ros.evaluation.cells"]  # imports torch, which takes seconds


def context() -> BaseContext:
    """How such processes start: as copies of one that has imported what is heavy, where the platform has that."""
    started_by = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    chosen: BaseContext = multiprocessing.get_context(started_by)
    chosen.set_forkserver_preload(HEAVY)
    return chosen


def compute_all(tasks: Sequence[Callable[[], None]], tick: Callable[[int], None], tick_s: float) -> None:
    """Do what there is to do, and whatever one task meets, the others too.

    Args:
        tasks: can be pickled.
        tick: told how many tasks are done.
        tick_s: seconds between two ticks, at most.

    Raises:
        Exception: of the first task that failed.
    """
    with ProcessPoolExecutor(os.cpu_count(), context(), end_with_parent) as pool:
        futures: list[Future[None]] = [pool.submit(task) for task in tasks]
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=tick_s)
            tick(len(futures) - len(pending))
    failures = [error for future in futures if (error := future.exception()) is not None]
    if failures:
        raise failures[0]


def end_with_parent() -> None:
    """Let this process end when the one that started it does: a benchmark that was killed must not go on unseen."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
