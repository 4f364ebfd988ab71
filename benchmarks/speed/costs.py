"""Cost of an estimate, part by part, in processor time of one core: the ratios within a run are the result.

The reference is a pass of torch over MAIL's whole window in the paper's configuration; time does not depend on weights.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.speed.methods import baselines, trainings
from benchmarks.speed.parts import Part, Step, networks, trackers
from mail_ros.core.errors import ConfigError
from mail_ros.core.types import FloatArray

WARM_UP = 20
MIN_STEPS, MAX_MS = 10, 10_000.0  # timed steps per part, and time after which timing ends
TRACED = 3  # steps whose memory is measured; they are not timed
SIZES = (500, 1000, 2000, 4000)  # cells of a map


@dataclass(frozen=True)
class Cost:
    """Cost of one part of an estimate; times are processor time."""

    what: str  # group of parts
    method: str
    size: str  # size of network and map
    mean_ms: float
    median_ms: float
    p99_ms: float
    relative: float  # mean over the mean of the reference
    robots: float  # number of robots that one core serves
    memory_mb: float  # memory that stays allocated


def parts_of(sizes: Sequence[int], only: Sequence[str] = ()) -> list[Part]:
    """All parts, the reference first, or those of some groups after it.

    Args:
        sizes: cells of the tracker's maps; the first is the network's.
        only: groups; empty for all.

    Raises:
        ConfigError: unknown group.
    """
    parts = [*networks(sizes[0]), *trackers(sizes), *baselines(), *trainings()]
    groups = list(dict.fromkeys(part.what for part in parts))
    for name in only:
        if name not in groups:
            raise ConfigError("--only", wanted=f"some of {', '.join(groups)}", found=name, fix="correct it")
    return [parts[0], *(part for part in parts[1:] if part.what in (only or groups))]


def costs(parts: Sequence[Part], estimates: int, report: Callable[[str, int, int], None]) -> list[Cost]:
    """Time parts, one after the other; ratios are to the first.

    Args:
        parts: see `parts_of`.
        estimates: maximum number of timed estimates per part; timing ends after ten seconds.
        report: called with the name of the part that begins, its number and how many there are.
    """
    torch.set_num_threads(1)
    rows: list[Cost] = []
    for number, part in enumerate(parts):
        report(part.method, number, len(parts))
        rows.append(_cost(part, estimates, rows[0].mean_ms if rows else None))
    return rows


def _cost(part: Part, estimates: int, reference_ms: float | None) -> Cost:
    tracemalloc.start()
    step = part.make()
    for number in range(TRACED):
        step(number)
    memory_mb = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    taken_ms = _step_times_ms(step, estimates)
    mean_ms = float(taken_ms.mean())
    return Cost(
        part.what,
        part.method,
        part.size,
        mean_ms,
        float(np.median(taken_ms)),
        float(np.percentile(taken_ms, 99)),
        mean_ms / (reference_ms or mean_ms),
        1e3 / (part.per_s * mean_ms),
        memory_mb,
    )


def _step_times_ms(step: Step, estimates: int) -> FloatArray:
    for number in range(TRACED, TRACED + WARM_UP):
        step(number)
    taken_ms: list[float] = []
    while len(taken_ms) < estimates and (len(taken_ms) < MIN_STEPS or sum(taken_ms) < MAX_MS):
        began_s = time.process_time()
        step(TRACED + WARM_UP + len(taken_ms))
        taken_ms.append(1e3 * (time.process_time() - began_s))
    return np.array(taken_ms)
