"""A building's site file: what recorder, import, check, training and report must agree on, written down once.

    site: museum
    map_frame: map                     # of floor 0; floor -2 is map_floor_-2
    origin: [49.4611, 11.1109]         # latitude and longitude of x = y = 0; only phones' logs need it
    floors:
      0:
        plan: plans/ground.yaml        # of ROS map_server; paths are relative to this file
        landmarks:
          door: [2.0, 2.0]             # metres in the map frame
          lift: [20.0, 9.0]
      -2: {}
    routes:
      hall: [door, {at: [11, 2], mark: false}, lift, lift, door]
      drawn: plans/tour.geojson

A route's points are names of landmarks, or as `route_file.py` has them. Each landmark's name is there once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from mail_ros.core.errors import ConfigError
from mail_ros.data.route import Route, RoutePoint
from mail_ros.data.route_file import parse_route, read_geojson
from mail_ros.data.yaml_text import are_numbers, is_whole, parse, plain, read_text, short

WANTED = "a site file"
FIX = "write one with `mail_ros site init`, and compare"
KEYS = ("site", "map_frame", "origin", "floors", "routes")
FLOOR_KEYS = ("plan", "landmarks")
DEGREES = (90.0, 180.0)  # of latitude and longitude, at most

EXAMPLES = """
      # door: [2.0, 2.0]
      # lift: [20.0, 9.0]"""
ROUTES = """\
routes:    # for `mail_ros mark`: landmarks, corners without a mark; twice the same is a stand
  # hall: [door, {at: [20, 2], mark: false}, lift, lift, door]
"""


class SiteMismatch(NamedTuple):
    """Why a walk is not of a site."""

    found: str
    fix: str


@dataclass(frozen=True)
class SiteFile:
    """What a site file says."""

    name: str
    floors: tuple[int, ...] = (0,)
    plans: Mapping[int, Path] = field(default_factory=dict)  # map_server YAML by floor, as a path from here
    map_frame: str = "map"
    origin: tuple[float, float] | None = None  # latitude and longitude of x = y = 0, degrees
    landmarks: Mapping[str, RoutePoint] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    path: Path = Path()

    def route(self, name: str) -> Route | None:
        """The planned route of this name; None where the site plans none, or no name is given.

        Raises:
            ConfigError: it plans others.
        """
        if not name or not self.routes:
            return None
        if name not in self.routes:
            raise ConfigError(
                self.path, wanted=f"one of its routes {', '.join(self.routes)}", found=name, fix="correct it, or add it"
            )
        return self.routes[name]

    def mismatch(self, notes: Mapping[str, str], floors: Iterable[int]) -> SiteMismatch | None:
        """Why a walk is not of this site; None where it may be. A bag whose notes name no site may be of any."""
        if (other := notes.get("site", self.name)) != self.name:
            return SiteMismatch(f"one at {other}", f"leave it out, or give its own site file instead of {self.path}")
        if strange := sorted(set(floors) - set(self.floors)):
            return SiteMismatch(
                f"floor {', '.join(map(str, strange))}, which {self.path} does not have",
                "add the floor there, or correct the frame of what tells the place",
            )
        return None


def read_site(path: Path) -> SiteFile:
    """Read a site file. Plans are not looked at (see `plan.py`).

    Raises:
        ConfigError: nothing there, or something in it is not as it must be.
    """
    return parse_site(read_text(path, WANTED), path)


def parse_site(text: str, path: Path) -> SiteFile:
    """What the text of a site file says; errors as of `read_site`."""
    content = parse(text, path, WANTED)
    _check_keys(content, KEYS, path)
    name, frame = content.get("site"), content.get("map_frame", "map")
    for key, value, kept_out in (("site", name, "/"), ("map_frame", frame, " ")):
        if not isinstance(value, str) or not value.strip() or not value.isprintable() or kept_out in value:
            wanted = f"a name without {'/' if kept_out == '/' else 'blanks'}"
            raise ConfigError(f"{path}, {key}", wanted=wanted, found=short(value), fix="correct it")
    floors = content.get("floors", {0: None})
    if not isinstance(floors, dict) or not floors or not all(map(is_whole, floors)):
        raise ConfigError(
            f"{path}, floors", wanted="floors by their whole numbers", found=short(floors), fix="as in floors: {0: {}}"
        )
    plans: dict[int, Path] = {}
    landmarks: dict[str, RoutePoint] = {}
    for number, floor in floors.items():
        source = f"{path}, floor {number}"
        _check_keys(floor := {} if floor is None else floor, FLOOR_KEYS, source)
        if (plan := floor.get("plan")) is not None:
            plans[number] = _file(path, plan, source)
        _add_landmarks(landmarks, {} if floor.get("landmarks") is None else floor["landmarks"], number, source)
    routes = {} if content.get("routes") is None else content["routes"]
    if not isinstance(routes, dict):
        raise ConfigError(f"{path}, routes", wanted="routes by their names", found=short(routes), fix=FIX)
    return SiteFile(
        name,
        tuple(sorted(floors)),
        plans,
        frame,
        _origin(content.get("origin"), path),
        landmarks,
        {str(key): _route(str(key), value, path, landmarks, set(floors)) for key, value in routes.items()},
        path,
    )


def site_text(site: SiteFile) -> str:
    """A new site's file, with examples of what can be added; plans are written as they are given."""
    lines = [f"site: {plain(site.name)}", f"map_frame: {plain(site.map_frame)}    # of floor 0; map_server's frame_id"]
    if site.origin is not None:
        lines.append(f"origin: [{site.origin[0]}, {site.origin[1]}]    # latitude and longitude of x = y = 0")
    lines.append("floors:")
    for number, floor in enumerate(site.floors):
        lines.append(f"  {floor}:")
        lines += [f"    plan: {plain(str(site.plans[floor]))}"] if floor in site.plans else []
        lines.append("    landmarks:" + ("" if number else f"    # places to be passed: x and y in metres{EXAMPLES}"))
    return "\n".join([*lines, ROUTES])


def parse_origin(value: Any, source: object) -> tuple[float, float]:
    """Latitude and longitude in degrees.

    Raises:
        ConfigError: they are none.
    """
    if not are_numbers(value, 2) or any(abs(one) > most for one, most in zip(value, DEGREES, strict=True)):
        raise ConfigError(
            source, wanted="latitude and longitude in degrees", found=short(value), fix="as in 49.4611, 11.1109"
        )
    return float(value[0]), float(value[1])


def _origin(value: Any, path: Path) -> tuple[float, float] | None:
    return None if value is None else parse_origin(value, f"{path}, origin")


def _check_keys(content: Any, known: Iterable[str], source: object) -> None:
    if not isinstance(content, dict):
        raise ConfigError(source, wanted=f"some of {', '.join(known)}", found=short(content), fix=FIX)
    if strange := [str(key) for key in content if key not in known]:
        raise ConfigError(
            source, wanted=f"some of {', '.join(known)}", found=", ".join(strange), fix="correct it or leave it out"
        )


def _add_landmarks(landmarks: dict[str, RoutePoint], written: Any, floor: int, source: str) -> None:
    if not isinstance(written, dict):
        raise ConfigError(
            f"{source}, landmarks", wanted="places by their names", found=short(written), fix="as in door: [2.0, 3.5]"
        )
    for key, at in written.items():
        name = str(key)
        if not are_numbers(at, 2):
            raise ConfigError(
                f"{source}, landmark {name}",
                wanted="x and y in metres",
                found=short(at),
                fix=f"as in {name}: [2.0, 3.5]",
            )
        if name in landmarks:
            other = landmarks[name]
            raise ConfigError(
                f"{source}, landmark {name}", wanted="a name of its own", found=f"also {other}", fix="rename one"
            )
        landmarks[name] = RoutePoint((float(at[0]), float(at[1])), floor, name)


def _route(name: str, written: Any, path: Path, landmarks: Mapping[str, RoutePoint], floors: set[int]) -> Route:
    source = f"{path}, route {name}"
    if isinstance(written, str):
        route = read_geojson(_file(path, written, source), name)
    else:
        route = parse_route(name, written, source, landmarks)
    if strange := sorted({point.floor for point in route.points} - floors):
        raise ConfigError(
            source,
            wanted=f"places on its floors {', '.join(map(str, sorted(floors)))}",
            found=f"floor {', '.join(map(str, strange))}",
            fix="correct the floor, or add it to floors",
        )
    return route


def _file(path: Path, written: Any, source: str) -> Path:
    """A file that the site file names, from where the site file is."""
    if not isinstance(written, str) or not written:
        raise ConfigError(source, wanted="the path of a file", found=short(written), fix="correct it or leave it out")
    return Path(os.path.normpath(path.parent / Path(written).expanduser()))
