"""Image of a floor plan, interpreted as Nav2's map_server does (nav2_map_server, map_io.cpp), at 8 bits a pixel.

The image is decoded once, and interpreted in strips: beside what the decoder holds, a plan takes a byte a pixel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import BoolArray, FloatArray

MODES = ("trinary", "scale", "raw")
OCCUPIED, UNKNOWN, FREE = 0, 205, 255  # as in map_saver, except for its 254
MAX_BYTES = 400_000_000  # a decoded image: 20,000 x 20,000 pixels in grey, half of that each way in colour
SMALL_MODES = ("1", "L", "P")  # a byte a pixel; all others take four
STRIP_PIXELS = 1 << 20

GreyImage = npt.NDArray[np.uint8]


def read_image(file: Path, named_in: Path, content: Mapping[str, Any]) -> GreyImage:
    """Pixels of an image, (rows, columns), top row first: OCCUPIED, UNKNOWN, FREE; in mode scale also values between.

    Args:
        file: the image.
        named_in: the YAML that names it, for errors.
        content: that YAML.

    Raises:
        ConfigError: the image is not readable, or too large.
    """
    try:
        with _own_limit(), Image.open(file) as image:
            columns, rows = image.size
            check_size(file, columns, rows, image.mode)
            image.load()
            return _interpreted(image, content)
    except FileNotFoundError:
        found = "no such file"
    except ConfigError:
        raise
    except Exception as error:  # PIL's readers raise exceptions of many types
        found = " ".join(str(error).split()) or type(error).__name__
    raise ConfigError(
        file,
        wanted=f"the image that {named_in} names, as PGM or PNG",
        found=found,
        fix="put it there, or correct `image`",
    )


def check_size(file: Path, columns: int, rows: int, mode: str) -> None:
    """Refuse an image of too many pixels.

    Raises:
        ConfigError: it would take more than `MAX_BYTES` of memory.
    """
    pixel_bytes = 1 if mode in SMALL_MODES else 4
    if columns * rows * pixel_bytes > MAX_BYTES:
        raise ConfigError(
            file,
            wanted=f"at most {MAX_BYTES // pixel_bytes / 1e6:,.0f} million pixels of mode {mode}",
            found=f"{columns:,} x {rows:,} pixels",
            fix="save it at a coarser resolution" + (", or as 8-bit grey" if pixel_bytes > 1 else ""),
        )


@contextmanager
def _own_limit() -> Iterator[None]:
    """Without PIL's limit of pixels, whose error names no size that would be right."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _interpreted(image: Image.Image, content: Mapping[str, Any]) -> GreyImage:
    columns, rows = image.size
    tones = _pixels(np.arange(256) / 255.0, None, content)
    result = np.empty((rows, columns), np.uint8)
    height = max(1, STRIP_PIXELS // max(columns, 1))
    for top in range(0, rows, height):
        strip = image.crop((0, top, columns, min(top + height, rows)))
        if image.mode in ("1", "L") and "transparency" not in image.info:
            result[top : top + height] = tones[np.asarray(strip.convert("L"))]
        else:
            strip.info = image.info
            result[top : top + height] = _pixels(*_shades(strip), content)
    return result


def _shades(image: Image.Image) -> tuple[FloatArray, FloatArray | None]:
    """Brightness and opacity of every pixel, (rows, columns) each, from 0 to 1; opacity is None for opaque images."""
    if image.mode.startswith("I"):  # 16-bit greyscale
        return np.asarray(image, np.float64) / 65535.0, None
    rgba = np.asarray(image.convert("RGBA"), np.float64) / 255.0
    transparent = "A" in image.getbands() or "transparency" in image.info
    return rgba[..., :3].mean(axis=2), rgba[..., 3] if transparent else None


def _pixels(shade: FloatArray, opacity: FloatArray | None, content: Mapping[str, Any]) -> GreyImage:
    """Pixels of a `FloorPlan` from brightness and opacity, as map_server interprets them."""
    mode = content.get("mode", MODES[0])
    unknown: BoolArray
    if mode == "raw":
        percent = np.round(shade * 255.0)
        occupancy, unknown = percent / 100.0, percent > 100.0
    else:
        free, occupied = float(content["free_thresh"]), float(content["occupied_thresh"])
        if mode == "trinary" and opacity is not None:
            shade = (3.0 * shade + opacity) / 4.0  # map_server counts opacity as one more colour
        darkness = shade if content.get("negate", 0) else 1.0 - shade
        occupancy = np.clip((darkness - free) / (occupied - free), 0.0, 1.0)
        if mode == "trinary":
            unknown = (darkness >= free) & (darkness <= occupied)
        else:
            unknown = np.zeros(shade.shape, np.bool_) if opacity is None else opacity < 1.0
    return np.where(unknown, UNKNOWN, np.round(FREE * (1.0 - np.minimum(occupancy, 1.0)))).astype(np.uint8)
