"""An animated picture of a simulated drive: the robot, its true path and the estimates up to each moment."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from mail_ros.core.errors import MailError
from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray
from mail_ros.evaluation.drive_picture import ERROR_COLOURS, INK, QUIET, DrivePoses, draw_floor

PERIOD_S = 0.5  # from frame to frame, in time of the drive
FRAME_MS = 100  # a frame is shown: five times as fast as the robot drove
LAST_FRAME_MS = 2500


def check_suffix(path: Path) -> None:
    """Check that the file is to be a WebP: a GIF of the same frames has 20 times as many bytes.

    Raises:
        MailError: it is not.
    """
    if path.suffix != ".webp":
        raise MailError(str(path), wanted="a .webp file", found=path.suffix or "no suffix", fix="rename it")


def animate_drive(path: Path, poses: DrivePoses) -> None:
    """Write a drive and its estimates as an animated WebP, those that are not trusted in grey.

    Args:
        path: of the picture, see `check_suffix`; parent folders are created.
        poses: of the drive.
    """
    frames = list(_frames(poses))
    path.parent.mkdir(parents=True, exist_ok=True)
    durations_ms = [FRAME_MS] * (len(frames) - 1) + [LAST_FRAME_MS]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations_ms, loop=0, quality=60, method=4)


def _frames(poses: DrivePoses) -> Iterator[Image.Image]:
    """One picture for each half second of the drive."""
    building, drive, sample, position_m, trusted, survey_m = poses
    figure = Figure(figsize=(8.0, 4.4), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    draw_floor(axes, building, drive, survey_m)
    axes.set(xlabel="", ylabel="", xticks=[], yticks=[])
    colours = ERROR_COLOURS(poses.error_m / poses.max_error_m)  # larger ones have the last colour
    (true_path,) = axes.plot([], [], color=INK, linewidth=1.2, label="true path")
    (uncertain,) = axes.plot([], [], ".", color=QUIET, markersize=5, label="not LOCALIZED")
    dots = axes.scatter([], [], s=18, linewidths=0, zorder=3, color=ERROR_COLOURS(0.0), label="estimate")
    (robot,) = axes.plot([], [], "o", color="white", markeredgecolor=INK, markersize=11, zorder=4, label="robot")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), frameon=False, ncols=5, handlelength=1.4)
    time_s = (drive.stamp_ns - drive.stamp_ns[0]) / NS_PER_S
    for now_s in np.append(np.arange(0.0, time_s[-1], PERIOD_S), time_s[-1]):
        last = int(np.searchsorted(time_s, now_s, side="right")) - 1
        until = sample <= last
        true_path.set_data(*drive.position_m[: last + 1].T)
        robot.set_data(*drive.position_m[[last]].T)
        uncertain.set_data(*position_m[until & ~trusted].T)
        dots.set(offsets=position_m[until & trusted], facecolors=colours[until & trusted])
        _set_title(axes, now_s, poses.error_m[until], trusted[until])
        pixels = BytesIO()
        figure.savefig(pixels, format="raw")
        yield Image.frombytes("RGBA", figure.canvas.get_width_height(), pixels.getvalue()).convert("RGB")


def _set_title(axes: Axes, now_s: float, error_m: FloatArray, trusted: BoolArray) -> None:
    """The moment, the newest status, and the newest error."""
    if not len(error_m):
        state = "no estimate yet"
    elif trusted[-1]:
        state = f"LOCALIZED, error {error_m[-1]:.2f} m"
    else:
        state = "not LOCALIZED"
    axes.set_title(f"{now_s:4.1f} s   {state}", loc="left", color=INK, fontsize=11, family="DejaVu Sans")
