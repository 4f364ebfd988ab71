"""Processor time per sample, before and after: both models receive the same drive, in alternation, on one core."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from benchmarks.robots.cases import UNDISTURBED
from benchmarks.robots.world import CONFIGS, true_track, world
from mail_ros.core.types import NS_PER_S

BLOCK = 250  # samples pushed to one model before the other gets the same ones


@dataclass(frozen=True)
class Cost:
    """Cost of one model."""

    model: str
    sample_us: float  # processor time per sample, estimates included
    drive_s: float  # duration of the drives
    samples: int
    ratio: float  # to the model `before`


def costs(seed: int, drives: int) -> list[Cost]:
    """Time `push` over whole undisturbed drives of a building."""
    torch.set_num_threads(1)
    here = world(seed)
    spent_s = dict.fromkeys(CONFIGS, 0.0)
    count, drive_s = 0, 0.0
    for number in range(drives):
        samples = list(true_track(here, UNDISTURBED, number).samples())
        count += len(samples)
        drive_s += (samples[-1].stamp_ns - samples[0].stamp_ns) / NS_PER_S
        for model in CONFIGS:
            here.localizers[model].reset()
        for start in range(0, len(samples), BLOCK):
            for model, localizer in here.localizers.items():
                began_s = time.process_time()
                for sample in samples[start : start + BLOCK]:
                    localizer.push(sample)
                spent_s[model] += time.process_time() - began_s
    return [
        Cost(model, 1e6 * spent / count, drive_s, count, spent / spent_s["before"]) for model, spent in spent_s.items()
    ]
