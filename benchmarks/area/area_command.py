"""`python -m benchmarks area`: the field map, its baselines and matching, on walks off the survey's lines."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.area.cost import update_cost
from benchmarks.area.room import read_run
from mail_ros.cli.console import console, print_json, print_table
from mail_ros.cli.options import AsJson
from mail_ros.core.localizer.compose import default_tracking
from mail_ros.core.types import NEAR_M, FloatArray, IntArray, SampleLocalizer, Status
from mail_ros.data.scored import Scored, follow
from mail_ros.data.track import Track
from mail_ros.evaluation.methods import METHODS, Fit
from mail_ros.evaluation.metrics import TAIL_M
from mail_ros.evaluation.uncertainty import uncertainty
from mail_ros.training.run_config import run_config
from mail_ros.training.survey_bags import labelled_track

COLUMNS = (
    "",
    "survey",
    "model",
    "chance",
    "mean",
    "median",
    "p95",
    "> 5 m",
    "LOCALIZED",
    "wrong",
    "90 % region",
    "start",
    "fit",
)
STRIDE_S = 0.2
LOBBY_FROM_M, ROOM_FROM_M = 10.0, 4.0  # travelled before estimates are counted
ROOM_SURVEY, ROOM_TEST = (1, 2, 3), 4
MODELS: Mapping[str, str] = {
    "field_map": "field map",
    "map_particles": "particle filter",
    "maght": "MagHT, tracked",
    "matching": "matching",
}


def area(
    lobby: Annotated[list[Path] | None, typer.Option(help="Bags of a lobby: survey_* train, test_* test.")] = None,
    room: Annotated[Path | None, typer.Option(help="Folder of the room's runs 1 to 4, as N-loc.csv.")] = None,
    every: Annotated[list[int] | None, typer.Option(help="Also with every Nth line of the lobby's survey.")] = None,
    side: Annotated[list[float] | None, typer.Option(help="Time updates in a square area of this side, m.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Odometries that are derived for the room.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Start anywhere at any yaw, and follow routes that cross a survey's lines.

    `start`: metres travelled until an estimate is LOCALIZED or STATIONARY and within 3 m.

    Example: `python -m benchmarks area --side 5`

    Example, some minutes: `python -m benchmarks area --lobby bags/survey_01 --lobby bags/test_S9_s1 --room aalto`
    """
    rows = [*_lobby(sorted(lobby or ()), every or [1]), *_room(room, seeds)]
    costs = [update_cost(each) for each in side or ()]
    if rows:
        print_table("unknown start and yaw; errors in m", list(COLUMNS), rows, (0, 1, 2))
    if costs:
        timed = [[f"{each.cells:,}", f"{each.start_ms:.1f}", f"{each.known_ms:.1f}"] for each in costs]
        print_table("an update of the field map, ms", ["cells", "unknown start", "position known"], timed, ())
    if as_json:
        table = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        print_json({"rows": table, "costs": [each._asdict() for each in costs]})


def _lobby(bags: Sequence[Path], steps: Sequence[int]) -> list[list[str]]:
    tracks = [labelled_track(bag) for bag in bags]
    lines = [track for track in tracks if track.source.startswith("survey")]
    tests = [track for track in tracks if track.source.startswith("test")]
    if not (lines and tests):
        return []
    return [row for step in steps for row in _compared(f"every {step}. line", lines[::step], tests, LOBBY_FROM_M)]


def _room(folder: Path | None, seeds: int) -> list[list[str]]:
    if folder is None:
        return []
    runs = [read_run(folder, number, 0) for number in ROOM_SURVEY]
    tests = [read_run(folder, ROOM_TEST, seed) for seed in range(seeds)]
    return _compared(f"runs {', '.join(map(str, ROOM_SURVEY))}", runs, tests, ROOM_FROM_M)


def _compared(survey: str, lines: Sequence[Track], tests: Sequence[Track], from_m: float) -> list[list[str]]:
    """Rows of all models on every test."""
    rows = []
    for model, name in MODELS.items():
        began = time.process_time()
        localizer = _fitted(model, lines)
        took = f"{time.process_time() - began:.0f} s"
        means = []
        for track in tests:
            found = list(follow(localizer, track))
            scored = _counted(found, track, from_m)
            numbers = [f"{_chance_m(lines, track):.2f}", *_row(scored), _start(found, track), took]
            rows.append([track.source, survey, name, *numbers])
            means.append(float(np.mean([one.error_m for one in scored])))
        console.print(f"{name}, {survey}: mean of the {len(tests)} means {np.mean(means):.3f} m")
    return rows


def _fitted(model: str, lines: Sequence[Track]) -> SampleLocalizer:
    """A localizer of one of `MODELS`; matching has the preset of the platform, and the tracker that fits it."""
    if model != "matching":
        return METHODS[model].fit(Fit(lines, run_config([], "area"), STRIDE_S, Path())).localizer("none", STRIDE_S)
    config = run_config([], "robot" if lines[0].odometry == "wheels" else "person")
    fitted = METHODS[model].fit(Fit(lines, config, STRIDE_S, Path()))
    return fitted.localizer(default_tracking(config.model).tracker, STRIDE_S)


def _counted(scored: Sequence[Scored], track: Track, from_m: float) -> list[Scored]:
    """Estimates after some metres of travel."""
    stamp_ns, travelled_m = _travelled(track)
    begin_ns = stamp_ns[np.searchsorted(travelled_m, from_m)]
    return [one for one in scored if one.estimate.stamp_ns >= begin_ns]


def _start(scored: Sequence[Scored], track: Track) -> str:
    """Metres travelled until the position is known, and reported to be; "-" if never."""
    stamp_ns, travelled_m = _travelled(track)
    known = (Status.LOCALIZED, Status.STATIONARY)
    for one in scored:
        if one.estimate.status in known and one.error_m <= NEAR_M:
            return f"{travelled_m[np.searchsorted(stamp_ns, one.estimate.stamp_ns)]:.1f}"
    return "-"


def _travelled(track: Track) -> tuple[IntArray, FloatArray]:
    """Stamps (n,) of the labelled part, and the metres of labels travelled (n,)."""
    walk = track.labelled_span()
    steps_m = np.linalg.norm(np.diff(walk.position_m, axis=0, prepend=walk.position_m[:1]), axis=1)
    return walk.stamp_ns, np.cumsum(steps_m)


def _row(scored: Sequence[Scored]) -> list[str]:
    error_m = np.array([one.error_m for one in scored])
    trust = uncertainty(scored)
    wrong = 1.0 - trust.localized_near if trust.localized else 0.0
    return [
        *(f"{value:.2f}" for value in (error_m.mean(), np.median(error_m), np.percentile(error_m, 95))),
        *(f"{value:.1%}" for value in ((error_m > TAIL_M).mean(), trust.localized, wrong, trust.in_90)),
    ]


def _chance_m(lines: Sequence[Track], track: Track) -> float:
    """Mean error of always answering the middle of the survey."""
    middle_m = np.concatenate([line.position_m[line.valid] for line in lines]).mean(axis=0)
    return float(np.linalg.norm(track.position_m[track.valid] - middle_m, axis=1).mean())
