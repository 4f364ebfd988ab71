"""A view in rerun, in a window or in a file; no other module imports rerun.

Entities below `map/` lie on the floor, x to the right and y up. The viewer listens on this machine only and reports no
use; at its start it requests the newest release's number from GitHub, and does without a response.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import rerun as rr
import rerun.blueprint as rrb
import rerun_cli

from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.view.drawing import Curves, Dots, Drawn, Lines, Note, Page

NAME, TIMELINE = "mail_ros", "stamp"
TRAIL_S = 600.0  # visible part of the path
PLAN_OPACITY = 0.15  # on a dark ground, behind all else
OPENS_S, SETTLES_S = 30.0, 2.0  # for the viewer to listen, and then to find screen and driver (0.1 s where measured)
QUIET = {"CI": "1", "RERUN_APP_ONLY": "true"}  # disables telemetry and questions
SERIES = ((231, 76, 60), (46, 204, 113), (52, 152, 219), (236, 240, 241), (243, 156, 18), (155, 89, 182))
LEVELS = {Level.OK: "INFO", Level.WARN: "WARN", Level.ERROR: "ERROR"}
GROUND = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]]  # rerun's y points down


@dataclass(frozen=True)
class Layout:
    """The curves beside the map."""

    attention: bool = True  # a model with scales
    error: bool = False  # a walk with a reference


class ViewerWindow:
    """rerun's viewer; ends with `close`, or when the user closes it."""

    def __init__(self) -> None:
        """Open it.

        Raises:
            ConfigError: it does not open.
        """
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        viewer = Path(rerun_cli.__file__).with_name("rerun")
        command = [str(viewer), "--bind", "127.0.0.1", "--port", str(self.port), "--hide-welcome-screen"]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the window
        self.process = subprocess.Popen(
            command, env={**os.environ, **QUIET}, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        try:
            self._wait_until_it_opens()
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        """The address at which the viewer receives data."""
        return f"rerun+http://127.0.0.1:{self.port}/proxy"

    @property
    def is_open(self) -> bool:
        """Whether the viewer runs."""
        return self.process.poll() is None

    def close(self) -> None:
        """End the viewer."""
        self.process.terminate()
        self.process.wait()
        self._log.close()

    def _wait_until_it_opens(self) -> None:
        if self._listens() and not self._ends_at_once():
            return
        self._log.seek(0)
        lines = [line.strip() for line in self._log.read().decode(errors="replace").splitlines() if line.strip()]
        raise ConfigError(
            "the viewer's window",
            wanted="it to open",
            found=lines[-1] if lines else "that it did not",
            fix="use a machine with a screen, or write a file: --out of `mail_ros view`, parameter out of the node",
        )

    def _listens(self) -> bool:
        until = time.monotonic() + OPENS_S
        while time.monotonic() < until and self.is_open:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return True
            time.sleep(0.05)
        return False

    def _ends_at_once(self) -> bool:
        """Whether it ends for want of a screen: it listens before it searches for one."""
        try:
            self.process.wait(SETTLES_S)
        except subprocess.TimeoutExpired:
            return False
        return True


class RerunCanvas:
    """Draws into a file, or into a window of its own."""

    def __init__(self, layout: Layout, out: Path | None = None) -> None:
        """Begin a recording.

        Args:
            layout: see `Layout`.
            out: a .rrd file to write; None: a window.

        Raises:
            ConfigError: the file cannot be written, or the window does not open.
        """
        self.recording, self.window = rr.RecordingStream(NAME), None if out else ViewerWindow()
        self._named: set[str] = set()  # curves whose names rerun has
        if self.window is not None:
            self.recording.connect_grpc(self.window.address, default_blueprint=blueprint(layout))
        else:
            _check_writable(cast(Path, out))
            self.recording.save(cast(Path, out), default_blueprint=blueprint(layout))
        self.recording.log("map", rr.Transform3D(mat3x3=GROUND), static=True)

    def draw(self, entity: str, drawn: Drawn, stamp_ns: int) -> None:
        """See `Canvas`."""
        self.recording.set_time(TIMELINE, timestamp=np.datetime64(stamp_ns, "ns"))
        if isinstance(drawn, Curves) and entity not in self._named:
            colours = [SERIES[number % len(SERIES)] for number in range(len(drawn.names))]
            self.recording.log(entity, rr.SeriesLines(names=drawn.names, colors=colours), static=True)
            self._named.add(entity)
        self.recording.log(entity, *_archetypes(drawn))

    @property
    def is_open(self) -> bool:
        """Whether drawing has an effect: into a file, or into a window that is open."""
        return self.window is None or self.window.is_open

    def close(self) -> None:
        """Finish drawing, and end."""
        if self.is_open:  # flushing into a closed window would block
            self.recording.flush()
        self.recording.disconnect()
        if self.window is not None:
            self.window.close()


def _archetypes(drawn: Drawn) -> list[Any]:
    """An element in rerun's terms."""
    match drawn:
        case Dots():
            labels = list(drawn.labels) or None
            return [rr.Points2D(drawn.position_m, colors=list(drawn.colours), radii=drawn.radius, labels=labels)]
        case Lines():
            return [rr.LineStrips2D([*drawn.strips_m], colors=[drawn.colour], radii=drawn.radius)]
        case FloorPlan():
            return _plan(drawn)
        case Curves():
            return [rr.Scalars(list(drawn.values))]
        case Page():
            return [rr.TextDocument(drawn.text, media_type="text/markdown")]
        case Note():
            return [rr.TextLog(drawn.text, level=LEVELS[drawn.level])]


def _plan(plan: FloorPlan) -> list[Any]:
    image = plan.drawn
    rows, columns = image.shape
    left_m, right_m, low_m, top_m = plan.extent_m
    width_m, height_m = right_m - left_m, top_m - low_m
    pixels = [[width_m / columns, 0.0, 0.0], [0.0, -height_m / rows, 0.0], [0.0, 0.0, 1.0]]
    return [
        rr.Image(image, color_model="L", opacity=PLAN_OPACITY, draw_order=-20.0),
        rr.Transform3D(translation=[left_m, top_m, 0.0], mat3x3=pixels),
    ]


def blueprint(layout: Layout) -> rrb.Blueprint:
    """The floor at the left, curves and status at the right; the path stays for ten minutes."""
    trail = rrb.VisibleTimeRange(
        TIMELINE,
        start=rrb.TimeRangeBoundary.cursor_relative(seconds=-TRAIL_S),
        end=rrb.TimeRangeBoundary.cursor_relative(),
    )
    floor = rrb.Spatial2DView(
        origin="/", contents="/map/**", name="map", overrides={"map/path": [rrb.VisibleTimeRanges(trail)]}
    )
    curves = [
        rrb.TimeSeriesView(origin=entity, name=name)
        for entity, name, shown in (
            ("field", "field", True),
            ("attention", "attention per scale", layout.attention),
            ("error", "error against the survey", layout.error),
        )
        if shown
    ]
    status, log = rrb.TextDocumentView(origin="status", name="status"), rrb.TextLogView(origin="log", name="log")
    words = rrb.Horizontal(status, rrb.Vertical(rrb.TimeSeriesView(origin="rates", name="rates"), log))
    return rrb.Blueprint(
        rrb.Horizontal(floor, rrb.Vertical(*curves, words, row_shares=[2] * len(curves) + [3]), column_shares=[3, 2]),
        rrb.TimePanel(state="collapsed"),
        collapse_panels=True,
    )


def _check_writable(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("wb").close()
    except OSError as error:
        raise ConfigError(
            path, wanted="a file to write", found=error.strerror or str(error), fix="correct --out"
        ) from None
