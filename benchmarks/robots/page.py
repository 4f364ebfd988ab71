"""docs/robots.md, generated from the results of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from benchmarks.robots.cases import LENGTH_M, SHORT_M, SLOW_M_S, Curve
from benchmarks.robots.picture import draw_curves
from benchmarks.robots.results import Results
from benchmarks.robots.rows import Row
from benchmarks.robots.world import AFTER, STRIDE_S, WALKS
from mail_ros.data.simulator.simulation_config import DriveConfig

PICTURE = "_curves.png"


def write_page(path: Path, results: Results, command: str) -> None:
    """Write the page and its picture beside it.

    Args:
        path: path of the page; parent folders are created.
        results: results of the run.
        command: command line of the run.
    """
    picture = path.with_name(path.stem + PICTURE)
    draw_curves(picture, results.curves, results.rows)
    parts = [*_head(results, command), f"![Mean error by disturbance, before and after]({picture.name})"]
    parts += [part for curve in results.curves for part in _curve(curve, results.rows)]
    parts += [*_stops(results), *_yaw(results), *_plain(results)]
    path.write_text("\n\n".join(parts) + "\n")


def _head(results: Results, command: str) -> Iterator[str]:
    yield "# Robots do not walk like surveyors"
    yield (
        "Disturbances of robots that a survey lacks, and their effect: **before**, by matching in the device's axes "
        "with windows by time; **after**, by matching in gravity-aligned axes with windows by distance, where yaw and "
        "the field of the robot's body are estimated."
    )
    yield f"Written by the run itself, on {date.today():%Y-%m-%d}:\n\n```sh long\n{command}\n```"
    usual = DriveConfig()
    yield (
        f"{results.buildings} simulated buildings ([simulator.md](simulator.md)), each surveyed by a robot: {WALKS} "
        f"walks, landmarks at corners as labels. Other robots of the kind, {results.drives} in each building, drive "
        f"{LENGTH_M:g} m ({SHORT_M:g} m at {SLOW_M_S:g} m/s) at {usual.speed_m_s:g} m/s, each with a field of its "
        f"own of {usual.offset_ut:g} µT. A point of a curve changes one setting; paths and robots stay, and each "
        "model is compared with itself on the undisturbed drives. Errors are distances to the true position, of all "
        f"estimates, one in {STRIDE_S:g} s, from the first on: searching at the start counts. Windows by distance need "
        f"{AFTER.sampling.length:g} m for the first, windows by time ten seconds. Both are tracked with wheel odometry."
    )
    yield "## What must hold"
    bars = results.bars()
    lines = [[bar.what, bar.wanted, bar.found, "met" if bar.met else "**missed**"] for bar in bars]
    yield _table(["", "wanted", "found", ""], lines)
    missed = sum(not bar.met for bar in bars)
    yield f"{len(bars) - missed} of {len(bars)} are met." if missed else "All of them are met."
    if not results.yaw:
        yield "The recorded walks were not part of this run: it was given no bags."


def _curve(curve: Curve, rows: Sequence[Row]) -> Iterator[str]:
    yield f"## {curve.title}"
    heads = [curve.axis, "", "mean, m", "median, m", "> 5 m", "× undisturbed", "worst building", "bar"]
    lines = []
    for row in (row for row in rows if row.curve == curve.name):
        met = "" if row.model == "before" else f"{row.bar:g} {'met' if row.met else '**missed**'}"
        lines.append([f"{row.x:g}", row.model, *row.figures, met])
    yield _table(heads, lines)


def _stops(results: Results) -> Iterator[str]:
    yield "## In a stop"
    yield (
        "The largest distance of a pose from the first one of its stop, and the last deviation (root of the "
        "covariance's trace) as a multiple of the first. Odometry reports no motion, and the field does not change: "
        "both should be constant."
    )
    lines = [
        [row.model, str(row.stops), f"{row.moved_m:.3f}", *(f"{value:.2f}" for value in row.growth)]
        for row in results.stops
    ]
    yield _table(["", "stops", "max moved, m", "deviation ×, min", "median", "max"], lines)


def _yaw(results: Results) -> Iterator[str]:
    if not results.yaw:
        return
    yield "## Recorded walks, rotated"
    yield (
        "People with phones, trained on all rounds of a route but the last, which is evaluated. Rotated: the field "
        "of each evaluated walk is rotated about the vertical by a random angle, as if the phone had been mounted "
        "at it. Gravity-aligned axes with windows by time; moving estimates, from the first on."
    )
    lines = [
        [
            str(row.floor),
            row.axes,
            "rotated" if row.rotated else "as walked",
            *(f"{row.mean_m:.2f}", f"{row.median_m:.2f}", f"{row.over_5m:.1%}"),
            *(f"{row.ratio:.2f}", f"{row.ratio_device:.2f}"),
        ]
        for row in results.yaw
    ]
    heads = ["floor", "axes", "", "mean, m", "median, m", "> 5 m", "× as walked", "× device's as walked"]
    yield _table(heads, lines)


def _plain(results: Results) -> Iterator[str]:
    yield "## Cost without disturbances"
    cost = results.costs[0]
    yield (
        f"Processor time of `push` over {cost.drive_s:.0f} s of undisturbed drives, {cost.samples:,} samples, both "
        "models alternating in one process. The ratio is the result: microseconds are those of the machine."
    )
    lines = [[each.model, f"{each.sample_us:.0f}", f"{each.ratio:.2f}"] for each in results.costs]
    yield _table(["", "µs per sample", "× before"], lines)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *rows))
