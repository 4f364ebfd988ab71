"""Rows of a study's table for one computed cell, made from the cell's files alone."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from mail_ros.data.bag import Bag
from mail_ros.data.scored import Scored
from mail_ros.evaluation.cells import Cell, CellResult
from mail_ros.evaluation.conditions import Condition
from mail_ros.evaluation.estimates import read_csv, table
from mail_ros.evaluation.identity import walk_names
from mail_ros.evaluation.study_table import FOUND_M, Row
from mail_ros.evaluation.uncertainty import area, uncertainty


def errors(_cell: Cell, result: CellResult) -> list[Row]:
    """The row of the plain table."""
    return [dataclasses.asdict(result.metrics)]


def uncertainties(cell: Cell, result: CellResult) -> list[Row]:
    """Whether the estimates know how good they are (see `uncertainty`)."""
    return [dataclasses.asdict(uncertainty(_moving(cell, result)))]


def areas(cell: Cell, result: CellResult) -> list[Row]:
    """Whether estimates know that they are outside the survey (see `area`)."""
    routes = {Bag(bag).notes().get("route") for bag in cell.train}
    names = zip(walk_names(cell.test), cell.test, strict=True)
    learned = {name for name, bag in names if Bag(bag).notes().get("route") in routes}
    return [dataclasses.asdict(area(_moving(cell, result), cell.floor, learned))]


def times(_cell: Cell, result: CellResult) -> list[Row]:
    """Processor time of one estimate, resampling included, and of fitting."""
    return [{"estimate_ms": result.estimate_ms, "fit_s": result.fit_s}]


def losses(cell: Cell, _result: CellResult) -> list[Row]:
    """The mean loss of every epoch. Heads differ in it: cross entropy of "heatmap", else mean squared error."""
    epochs = [json.loads(line) for line in (cell.folder / "run" / "metrics.jsonl").read_text().splitlines()]
    return [{"epoch": each["epoch"] + 1, "loss": each["loss"]} for each in epochs]


def attention(cell: Cell, result: CellResult) -> list[Row]:
    """The mean weight of each scale, and the fraction of estimates in which its weight is largest; ties are divided."""
    weights = np.array([one.estimate.attention for one in _moving(cell, result)])  # (n, scales)
    largest = weights == weights.max(axis=1, keepdims=True)
    top = (largest / largest.sum(axis=1, keepdims=True)).mean(axis=0)
    scales_s = result.inputs["config"]["mail"]["scales_s"]
    about = {"mean_m": result.metrics.mean_m, "median_m": result.metrics.median_m, "over_5m": result.metrics.over_5m}
    return [
        {"scale_s": scale_s, "mean_weight": mean, "top_weight": fraction, **about}
        for scale_s, mean, fraction in zip(scales_s, weights.mean(axis=0).tolist(), top.tolist(), strict=True)
    ]


def devices(cell: Cell, result: CellResult) -> list[Row]:
    """Errors by the phone of the test walk, and whether a training walk has the same phone."""
    trained = {bag["device"] for bag in result.inputs["train"]}
    device_of = {bag["bag"]: bag["device"] for bag in result.inputs["test"]}
    by_device: dict[str, list[Scored]] = defaultdict(list)
    for one in _moving(cell, result):
        by_device[device_of[one.bag]].append(one)
    return [
        {
            "device": device or "not noted",
            "in_training": ("yes" if device in trained else "no") if device else "not noted",
            **dataclasses.asdict(table(scored)["all, moving"]),
        }
        for device, scored in sorted(by_device.items())
    ]


def anomalies(cell: Cell, result: CellResult) -> list[Row]:
    """The number of pieces, the fraction that is found, and the median distance of the match."""
    error_m = np.array([one.error_m for one in _moving(cell, result)])
    found, median_m = float((error_m <= FOUND_M).mean()), float(np.median(error_m))
    return [{"pieces": len(error_m), "found_fraction": found, "median_m": median_m}]


def _moving(cell: Cell, result: CellResult) -> Sequence[Scored]:
    return [one for one in read_csv(cell.folder / Condition(**result.inputs["condition"]).file) if not one.paused]
