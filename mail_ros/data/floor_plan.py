"""Floor plans: YAML and image of ROS map_server, as an image aligned with the map frame."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import BoolArray, FloatArray
from mail_ros.data.plan_image import FREE, MODES, UNKNOWN, GreyImage, check_size, read_image
from mail_ros.data.site_file import SiteFile
from mail_ros.data.yaml_text import are_numbers, is_number, parse, read_text, short

WANTED = "a floor plan as map_server's YAML"
KEYS = ("image", "resolution", "origin", "negate", "occupied_thresh", "free_thresh", "mode")
MAX_ORIGIN_M = 1e9
MAX_DRAWN = 4096  # pixels each way in a picture
BACKGROUND_CONTRAST = 0.3  # fraction of a plan's darkness, as the background of other drawings


@dataclass(frozen=True)
class FloorPlan:
    """A floor plan in the map frame."""

    image: GreyImage  # (rows, columns), top row first: OCCUPIED, UNKNOWN, FREE; in mode scale also values between
    low_m: FloatArray  # (2,) x and y of the lower left corner of the image
    high_m: FloatArray  # (2,) x and y of the upper right corner of the image

    @property
    def extent_m(self) -> tuple[float, float, float, float]:
        """Minimum and maximum x, minimum and maximum y."""
        (left_m, low_m), (right_m, high_m) = self.low_m.tolist(), self.high_m.tolist()
        return left_m, right_m, low_m, high_m

    @property
    def known_m(self) -> tuple[FloatArray, FloatArray]:
        """Lower left and upper right corner, (2,) each, of the known pixels; of the image without known pixels."""
        known = self.image != UNKNOWN
        rows, columns = (np.flatnonzero(known.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return self.low_m, self.high_m
        pixel_m = (self.high_m - self.low_m) / self.image.shape[::-1]
        low = np.array([columns.min(), self.image.shape[0] - 1 - rows.max()])
        high = np.array([columns.max() + 1, self.image.shape[0] - rows.min()])
        return self.low_m + low * pixel_m, self.low_m + high * pixel_m

    def free_at(self, position_m: FloatArray) -> BoolArray:
        """(n,) whether positions (n, 2) lie on free pixels; outside the image none does."""
        rows, columns = self.image.shape
        pixel = np.floor((position_m - self.low_m) / (self.high_m - self.low_m) * (columns, rows)).astype(np.int64)
        inside = np.all((pixel >= 0) & (pixel < (columns, rows)), axis=1)
        column, row_up = pixel[inside].T
        free = np.zeros(len(position_m), np.bool_)
        free[inside] = self.image[rows - 1 - row_up, column] == FREE
        return free

    @property
    def drawn(self) -> GreyImage:
        """The image to draw: of a large one, the darkest pixel of each block, so that walls stay."""
        steps = [np.arange(0, size, max(1, math.ceil(size / MAX_DRAWN))) for size in self.image.shape]
        return np.minimum.reduceat(np.minimum.reduceat(self.image, steps[0], axis=0), steps[1], axis=1)

    @property
    def faded(self) -> GreyImage:
        """The image to draw with less contrast, as a background."""
        return np.asarray(np.round(255 - BACKGROUND_CONTRAST * (255.0 - self.drawn)), np.uint8)

    def faded_png(self) -> bytes:
        """The background as a PNG file."""
        file = io.BytesIO()
        Image.fromarray(self.faded).save(file, "PNG", optimize=True)
        return file.getvalue()


def floor_plans(site: SiteFile | None) -> dict[int, FloorPlan]:
    """The plans of a site by floor, empty without a site; errors: see `read_floor_plan`."""
    return {} if site is None else {floor: read_floor_plan(path) for floor, path in site.plans.items()}


def read_floor_plan(path: Path) -> FloorPlan:
    """Read a plan. An origin with yaw rotates the image; its new corners are unknown.

    Raises:
        ConfigError: not a YAML of map_server, or an unreadable image.
    """
    content = parse(read_text(path, WANTED), path, WANTED)
    _check(content, path)
    image = read_image(path.parent / content["image"], path, content)
    x_m, y_m, yaw_rad = map(float, content["origin"])
    resolution_m = float(content["resolution"])
    if yaw_rad:
        return _rotated(image, resolution_m, np.array([x_m, y_m]), yaw_rad, path)
    low_m = np.array([x_m, y_m])
    return FloorPlan(image, low_m, low_m + resolution_m * np.array(image.shape[::-1]))


def _check(content: Any, path: Path) -> None:
    """Refuse values that map_server refuses, and meaningless ones."""
    if not isinstance(content, dict):
        raise ConfigError(path, wanted=WANTED, found=short(content), fix="name the .yaml that map_saver wrote")
    needed = [key for key in KEYS if key not in ("negate", "mode")]
    if missing := [key for key in needed if key not in content]:
        raise ConfigError(
            path, wanted=", ".join(needed), found=f"no {', '.join(missing)}", fix="add it, as map_saver writes it"
        )
    threshold = "a fraction from 0 to 1"
    for key, right, wanted in (
        ("image", isinstance(content["image"], str) and bool(content["image"]), "the name of an image"),
        ("resolution", is_number(content["resolution"]) and 0 < content["resolution"] <= 1000, "0 to 1000 m per pixel"),
        ("origin", _is_origin(content["origin"]), "x and y in metres, and yaw in radians"),
        ("negate", content.get("negate", 0) in (0, 1), "0 or 1"),
        ("occupied_thresh", _is_fraction(content["occupied_thresh"]), threshold),
        ("free_thresh", _is_fraction(content["free_thresh"]), threshold),
        ("mode", content.get("mode", MODES[0]) in MODES, " or ".join(MODES)),
    ):
        if not right:
            raise ConfigError(f"{path}, {key}", wanted=wanted, found=short(content[key]), fix="correct it")
    if not content["free_thresh"] < content["occupied_thresh"]:
        raise ConfigError(
            f"{path}, free_thresh",
            wanted=f"less than occupied_thresh, {content['occupied_thresh']}",
            found=str(content["free_thresh"]),
            fix="as in free_thresh: 0.25 and occupied_thresh: 0.65",
        )


def _is_origin(value: object) -> bool:
    """Whether a value is x, y and yaw, and near enough that a pixel still counts."""
    return are_numbers(value, 3) and max(map(abs, cast(list[float], value))) <= MAX_ORIGIN_M


def _is_fraction(value: object) -> bool:
    return is_number(value) and 0.0 <= float(value) <= 1.0  # type: ignore[arg-type]


def _rotated(image: GreyImage, resolution_m: float, origin_m: FloatArray, yaw_rad: float, path: Path) -> FloorPlan:
    """The image rotated about its lower left corner, by nearest neighbour."""
    rows, columns = image.shape
    rotation = np.array([[np.cos(yaw_rad), -np.sin(yaw_rad)], [np.sin(yaw_rad), np.cos(yaw_rad)]])
    corners = np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]]) @ rotation.T  # in pixels, y up
    low = corners.min(axis=0)
    width, height = np.maximum(np.ceil(corners.max(axis=0) - low - 1e-9), 1).astype(int).tolist()
    check_size(path, width, height, "L")
    rotated = np.full((height, width), UNKNOWN, np.uint8)
    x = low[0] + np.arange(width) + 0.5
    for row in range(height):
        y = low[1] + height - 1 - row + 0.5
        column, row_up = (np.floor(at_x * x + at_y * y).astype(np.int64) for at_x, at_y in rotation.T)
        inside = (column >= 0) & (column < columns) & (row_up >= 0) & (row_up < rows)
        rotated[row, inside] = image[rows - 1 - row_up[inside], column[inside]]
    low_m = origin_m + resolution_m * low
    return FloorPlan(rotated, low_m, low_m + resolution_m * np.array([width, height]))
