"""Floor plans behind the belief: the YAML and the image of ROS map_server."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mail_ros.core.errors import ConfigError
from mail_ros.view.drawing import Picture


def read_plan(path: Path) -> Picture:
    """Read a plan that lies straight in the map frame, as a picture on the floor.

    Raises:
        ConfigError: no YAML of map_server, no image, or one that is turned.
    """
    try:
        content = YAML(typ="safe").load(path.read_text())
        x_m, y_m, yaw_rad = map(float, content["origin"])
        pixel_m = float(content["resolution"])
        image = np.asarray(Image.open(path.parent / content["image"]).convert("L"))
    except (OSError, ValueError, KeyError, TypeError, YAMLError) as error:
        raise ConfigError(
            path,
            wanted="the YAML of map_server, with image, resolution and origin",
            found=" ".join(str(error).split()),
            fix="name the .yaml that map_saver wrote",
        ) from None
    if yaw_rad:
        raise ConfigError(f"{path}, origin", wanted="a yaw of 0", found=f"{yaw_rad:g}", fix="turn the image")
    low_m = np.array([x_m, y_m])
    return Picture(image, low_m, low_m + pixel_m * np.array(image.shape[::-1]))


def plans_of(words: Iterable[str]) -> dict[int, Picture]:
    """Plans by floor, of words as `maps/ground.yaml`, which is of floor 0, or `-1=maps/cellar.yaml`.

    Raises:
        ConfigError: a floor that is no number, or as of `read_plan`.
    """
    plans = {}
    for word in words:
        floor, separator, path = word.partition("=")
        if separator and not floor.lstrip("-").isdigit():
            raise ConfigError("plan", wanted="FILE, or FLOOR=FILE", found=word, fix="as in -1=maps/cellar.yaml")
        plans[int(floor) if separator else 0] = read_plan(Path(path if separator else word).expanduser())
    return plans
