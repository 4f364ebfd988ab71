"""What rerun is given is what is in its file: entities, stamps and numbers; and why a window cannot open."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rerun.chunk", reason="needs rerun-sdk 0.39 or newer: pip install 'mail_ros[view]'")

from recordings import rows, views

from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.view.drawing import Curves, Dots, Drawn, Lines, Note, Page
from mail_ros.view.rerun_canvas import Layout, RerunCanvas, ViewerWindow

VIEWER = f"""#!{sys.executable}
import os, pathlib, socket, sys, time
pathlib.Path(__file__).with_name("arguments").write_text(" ".join([os.environ["CI"], *sys.argv[1:]]))
listening = socket.create_server(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])))
"""  # in place of the real one, which needs a screen; what it does next follows
STAMP_NS = 1_700_000_000_123_456_789


def draw(path: Path, entity: str, *drawn: Drawn) -> list[dict[str, Any]]:
    canvas = RerunCanvas(Layout(), path)
    for number, one in enumerate(drawn):
        canvas.draw(entity, one, STAMP_NS + number * 10**9)
    assert canvas.is_open
    canvas.close()
    return rows(path, entity)


def test_dots_and_lines_keep_their_positions_colours_and_stamps(tmp_path: Path) -> None:
    dots = Dots(np.array([[1.5, -2.0], [3.0, 4.0]]), [(1, 2, 3, 255), (4, 5, 6, 128)], 0.25, ["a", "b"])
    (row,) = draw(tmp_path / "dots.rrd", "map/belief", dots)
    assert row["stamp"] == STAMP_NS
    assert row["Points2D:positions"] == [[1.5, -2.0], [3.0, 4.0]]
    assert row["Points2D:colors"] == [0x010203FF, 0x04050680]
    assert row["Points2D:labels"] == ["a", "b"]
    (row,) = draw(tmp_path / "lines.rrd", "map/path", Lines([np.array([[0.0, 0.0], [1.0, 2.0]])], (9, 9, 9, 255), -1.5))
    assert row["LineStrips2D:strips"] == [[[0.0, 0.0], [1.0, 2.0]]]
    assert row["LineStrips2D:radii"] == [-1.5]


def test_what_is_no_more_is_written_as_nothing(tmp_path: Path) -> None:
    one, none = (Dots(np.zeros((count, 2)), [(1, 2, 3, 255)], 1.0) for count in (1, 0))
    drawn = draw(tmp_path / "none.rrd", "map/pose", one, none)
    assert [len(row["Points2D:positions"]) for row in drawn] == [1, 0]
    drawn = draw(tmp_path / "no_lines.rrd", "map/region", Lines([], (1, 2, 3, 255), 1.0))
    assert drawn[0]["LineStrips2D:strips"] == []


def test_a_plan_lies_where_its_corners_are(tmp_path: Path) -> None:
    image = np.arange(8, dtype=np.uint8).reshape(2, 4)
    (row,) = draw(tmp_path / "plan.rrd", "map/plan", FloorPlan(image, np.array([-1.0, -2.0]), np.array([3.0, 0.0])))
    (columns_first,), (origin,) = row["Transform3D:mat3x3"], row["Transform3D:translation"]
    pixels = np.array(columns_first).reshape(3, 3).T
    for pixel, place_m in (([0, 0, 0], [-1, 0, 0]), ([4, 2, 0], [3, -2, 0])):  # its upper left and lower right corner
        np.testing.assert_allclose(pixels @ pixel + origin, place_m)
    assert bytes(row["Image:buffer"][0]) == image.tobytes()


def test_the_floor_is_drawn_with_y_up(tmp_path: Path) -> None:
    draw(tmp_path / "any.rrd", "log", Note("hello", Level.WARN))
    (ground,) = rows(tmp_path / "any.rrd", "map", static=True)
    np.testing.assert_allclose(np.reshape(ground["Transform3D:mat3x3"], (3, 3)), np.diag([1.0, -1.0, 1.0]))


def test_curves_have_names_and_text_is_unchanged(tmp_path: Path) -> None:
    drawn = draw(tmp_path / "curves.rrd", "field", Curves(("x", "y"), (1.0, 2.0)), Curves(("x", "y"), (3.0, 4.0)))
    assert [row["Scalars:scalars"] for row in drawn] == [[1.0, 2.0], [3.0, 4.0]]
    (named,) = rows(tmp_path / "curves.rrd", "field", static=True)
    assert named["SeriesLines:names"] == ["x", "y"]
    (row,) = draw(tmp_path / "page.rrd", "status", Page("# LOCALIZED"))
    assert row["TextDocument:text"] == ["# LOCALIZED"]
    (row,) = draw(tmp_path / "note.rrd", "log", Note("no samples", Level.ERROR))
    assert (row["TextLog:text"], row["TextLog:level"]) == (["no samples"], ["ERROR"])


@pytest.mark.parametrize(
    ("layout", "more"),
    [(Layout(attention=False), set()), (Layout(error=True), {"attention per scale", "error against the survey"})],
)
def test_a_file_has_its_layout_inside(tmp_path: Path, layout: Layout, more: set[str]) -> None:
    RerunCanvas(layout, tmp_path / "layout.rrd").close()
    assert views(tmp_path / "layout.rrd") == {"map", "field", "rates", "status", "log"} | more


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"file/view.rrd: wanted a file to write, found .*; correct --out"):
        RerunCanvas(Layout(), tmp_path / "file" / "view.rrd")


@pytest.mark.process
def test_without_a_screen_the_error_names_a_file_as_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match=r"the viewer's window: wanted it to open, found .*; use a machine with a"):
        RerunCanvas(Layout())


def install(viewer: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "rerun").write_text(viewer)
    (folder / "rerun").chmod(0o755)
    monkeypatch.setattr("rerun_cli.__file__", str(folder / "__init__.py"))


@pytest.mark.process
def test_a_viewer_that_listens_and_then_finds_no_screen_did_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real one listens some milliseconds before it looks for a screen, and for a driver 0.1 s later."""
    install(VIEWER + 'time.sleep(0.5); sys.exit("Error: no adapter")\n', tmp_path, monkeypatch)
    with pytest.raises(ConfigError, match=r"the viewer's window: wanted it to open, found Error: no adapter; use a ma"):
        ViewerWindow()


@pytest.mark.process
def test_the_viewer_listens_here_only_and_reports_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where CI is set, rerun writes no events down and sends none."""
    install(VIEWER + "time.sleep(60)\n", tmp_path, monkeypatch)
    monkeypatch.delenv("CI", raising=False)
    window = ViewerWindow()
    assert window.is_open
    assert window.address == f"rerun+http://127.0.0.1:{window.port}/proxy"
    arguments = (tmp_path / "arguments").read_text()
    assert arguments == f"1 --bind 127.0.0.1 --port {window.port} --hide-welcome-screen"
    window.close()
    assert not window.is_open
