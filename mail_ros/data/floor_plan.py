"""Floor plans: the YAML and the image of ROS map_server, as a picture that lies straight in the map frame.

    plan.yaml --> image, resolution, origin (x, y, yaw), negate, occupied_thresh, free_thresh, mode
    image     --> shade of every pixel --> occupied, unknown, free --> turned by yaw --> FloorPlan

Pixels mean what Nav2's map_server takes them for (nav2_map_server, map_io.cpp): modes trinary, scale and raw.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from mail_ros.core.errors import ConfigError
from mail_ros.data.site_file import SiteFile
from mail_ros.data.track import BoolArray, FloatArray
from mail_ros.data.yaml_text import are_numbers, is_number, parse, read_text, short

WANTED = "a floor plan as map_server's YAML"
KEYS = ("image", "resolution", "origin", "negate", "occupied_thresh", "free_thresh", "mode")
MODES = ("trinary", "scale", "raw")
OCCUPIED, UNKNOWN, FREE = 0, 205, 255  # as map_saver draws them, but for its 254
FADED = 0.3  # of a plan's darkness, behind what is drawn over it

GreyImage = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class FloorPlan:
    """A floor plan in the map frame."""

    image: GreyImage  # (rows, columns), first row on top: OCCUPIED, UNKNOWN, FREE, and in mode scale tones between
    low_m: FloatArray  # (2,) x and y of the lower left corner of the lower left pixel
    high_m: FloatArray  # (2,) of the upper right corner of the upper right pixel

    @property
    def extent_m(self) -> tuple[float, float, float, float]:
        """Lowest and highest x, lowest and highest y."""
        (left_m, low_m), (right_m, high_m) = self.low_m.tolist(), self.high_m.tolist()
        return left_m, right_m, low_m, high_m

    @property
    def known_m(self) -> tuple[FloatArray, FloatArray]:
        """Lower left and upper right corner, (2,) each, of what is not unknown; of all where nothing is known."""
        rows, columns = np.nonzero(self.image != UNKNOWN)
        if not len(rows):
            return self.low_m, self.high_m
        pixel_m = (self.high_m - self.low_m) / self.image.shape[::-1]
        low = np.array([columns.min(), self.image.shape[0] - 1 - rows.max()])
        high = np.array([columns.max() + 1, self.image.shape[0] - rows.min()])
        return self.low_m + low * pixel_m, self.low_m + high * pixel_m

    @property
    def faded(self) -> GreyImage:
        """As a background: light enough for what is drawn over it."""
        return np.asarray(np.round(255 - FADED * (255.0 - self.image)), np.uint8)

    def faded_png(self) -> bytes:
        """The background as a PNG file."""
        file = io.BytesIO()
        Image.fromarray(self.faded).save(file, "PNG", optimize=True)
        return file.getvalue()


def floor_plans(site: SiteFile | None) -> dict[int, FloorPlan]:
    """The plans of a site by floor, none of none; errors as of `read_floor_plan`."""
    return {} if site is None else {floor: read_floor_plan(path) for floor, path in site.plans.items()}


def read_floor_plan(path: Path) -> FloorPlan:
    """Read a plan; where its origin has a yaw, the picture is turned, and what is new in the corners is unknown.

    Raises:
        ConfigError: no YAML of map_server, or no image that can be read.
    """
    content = parse(read_text(path, WANTED), path, WANTED)
    _check(content, path)
    image = _cells(*_pixels(path.parent / content["image"], path), content)
    x_m, y_m, yaw_rad = map(float, content["origin"])
    resolution_m = float(content["resolution"])
    if yaw_rad:
        return _turned(image, resolution_m, np.array([x_m, y_m]), yaw_rad)
    low_m = np.array([x_m, y_m])
    return FloorPlan(image, low_m, low_m + resolution_m * np.array(image.shape[::-1]))


def _check(content: Any, path: Path) -> None:
    """Refuse what map_server would refuse, and values without a sense."""
    if not isinstance(content, dict):
        raise ConfigError(path, wanted=WANTED, found=short(content), fix="name the .yaml that map_saver wrote")
    needed = [key for key in KEYS if key not in ("negate", "mode")]
    if missing := [key for key in needed if key not in content]:
        raise ConfigError(
            path, wanted=", ".join(needed), found=f"no {', '.join(missing)}", fix="add it, as map_saver writes it"
        )
    threshold = "a share from 0 to 1"
    for key, right, wanted in (
        ("image", isinstance(content["image"], str) and bool(content["image"]), "the name of an image"),
        ("resolution", is_number(content["resolution"]) and content["resolution"] > 0, "metres per pixel, above 0"),
        ("origin", are_numbers(content["origin"], 3), "x and y in metres, and yaw in radians"),
        ("negate", content.get("negate", 0) in (0, 1), "0 or 1"),
        ("occupied_thresh", _is_share(content["occupied_thresh"]), threshold),
        ("free_thresh", _is_share(content["free_thresh"]), threshold),
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


def _is_share(value: object) -> bool:
    return is_number(value) and 0.0 <= float(value) <= 1.0  # type: ignore[arg-type]


def _pixels(file: Path, named_in: Path) -> tuple[FloatArray, FloatArray | None]:
    """Brightness and opacity of every pixel, (rows, columns) each, from 0 to 1; no opacity where all is opaque."""
    try:
        with Image.open(file) as image:
            image.load()
            if image.mode.startswith("I"):  # 16 bits of grey
                return np.asarray(image, np.float64) / 65535.0, None
            seen_through = "A" in image.getbands() or "transparency" in image.info
            rgba = np.asarray(image.convert("RGBA"), np.float64) / 255.0
    except FileNotFoundError:
        found = "no such file"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # as PIL's readers have it
        found = str(error)
    else:
        return rgba[..., :3].mean(axis=2), rgba[..., 3] if seen_through else None
    raise ConfigError(
        file,
        wanted=f"the image that {named_in} names, as PGM or PNG",
        found=found,
        fix="put it there, or correct `image`",
    )


def _cells(shade: FloatArray, opacity: FloatArray | None, content: Mapping[str, Any]) -> GreyImage:
    """What map_server takes the pixels for, in the tones of a `FloorPlan`."""
    mode = content.get("mode", MODES[0])
    unknown: BoolArray
    if mode == "raw":
        percent = np.round(shade * 255.0)
        share, unknown = percent / 100.0, percent > 100.0
    else:
        free, occupied = float(content["free_thresh"]), float(content["occupied_thresh"])
        if mode == "trinary" and opacity is not None:
            shade = (3.0 * shade + opacity) / 4.0  # as one more colour: map_server keeps what the first one did
        taken = shade if content.get("negate", 0) else 1.0 - shade
        share = np.clip((taken - free) / (occupied - free), 0.0, 1.0)
        if mode == "trinary":
            unknown = (taken >= free) & (taken <= occupied)
        else:
            unknown = np.zeros(shade.shape, np.bool_) if opacity is None else opacity < 1.0
    return np.where(unknown, UNKNOWN, np.round(FREE * (1.0 - np.minimum(share, 1.0)))).astype(np.uint8)


def _turned(image: GreyImage, resolution_m: float, origin_m: FloatArray, yaw_rad: float) -> FloorPlan:
    """The picture turned about its lower left corner, by the nearest pixel."""
    rows, columns = image.shape
    turn = np.array([[np.cos(yaw_rad), -np.sin(yaw_rad)], [np.sin(yaw_rad), np.cos(yaw_rad)]])
    corners = np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]]) @ turn.T  # in pixels, y up
    low = corners.min(axis=0)
    width, height = np.maximum(np.ceil(corners.max(axis=0) - low - 1e-9), 1).astype(int).tolist()
    x, y = np.meshgrid(low[0] + np.arange(width) + 0.5, low[1] + np.arange(height)[::-1] + 0.5)
    column, row_up = (np.floor(part).astype(np.int64) for part in (turn.T @ np.stack([x.ravel(), y.ravel()])))
    inside = (column >= 0) & (column < columns) & (row_up >= 0) & (row_up < rows)
    turned = np.full(width * height, UNKNOWN, np.uint8)
    turned[inside] = image[rows - 1 - row_up[inside], column[inside]]
    low_m = origin_m + resolution_m * low
    return FloorPlan(turned.reshape(height, width), low_m, low_m + resolution_m * np.array([width, height]))
