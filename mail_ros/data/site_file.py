"""A building's site file: settings shared by recorder, import, check, training and report.

    site: museum
    map_frame: map                     # frame of floor 0; floor -2 is map_floor_-2
    origin: [49.4611, 11.1109]         # latitude and longitude of x = y = 0, for phones' logs and GeoJSON in degrees
    floors:
      0:
        plan: plans/ground.yaml        # YAML of ROS map_server; paths are relative to this file
        landmarks:
          door: [2.0, 2.0]             # metres in the map frame
          lift: [20.0, 9.0]
      -2: {}
      1:
        landmarks: plans/lanes.csv     # both ends of the lanes of `mail_ros site lanes`, as F1L01a and F1L01b;
                                       # or named points drawn in a GIS, as GeoJSON
    routes:
      hall: [door, {at: [11, 2], mark: false}, lift, lift, door]
      drawn: plans/tour.geojson
      lanes: plans/lanes.csv           # the lanes, one after the other

Points of a route are names of landmarks, or points as in `route.py`. Names of landmarks are unique.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from mail_ros.core.errors import ConfigError
from mail_ros.data.geojson import MAX_DEGREES, refuse_degrees
from mail_ros.data.lane_plan import lane_landmarks
from mail_ros.data.origin import Origin
from mail_ros.data.route import Route, RoutePoint, geojson_landmarks, parse_route, read_geojson
from mail_ros.data.yaml_text import are_numbers, is_whole, parse, plain, read_text, short

WANTED = "a site file"
FIX = "write one with `mail_ros site init`, and compare"
KEYS = ("site", "map_frame", "origin", "floors", "routes")
MAP_NOTE = "map_frame"  # key in a bag's notes
FLOOR_KEYS = ("plan", "landmarks")
GEOJSON = (".geojson", ".json")  # endings of landmarks drawn in a GIS

EXAMPLES = """
      # door: [2.0, 2.0]
      # lift: [20.0, 9.0]"""
ROUTES = """\
routes:    # for `mail_ros mark`: landmarks, corners without a mark; the same one twice is a stop
  # hall: [door, {at: [20, 2], mark: false}, lift, lift, door]
"""


class SiteMismatch(NamedTuple):
    """Reason why a walk is not from a site."""

    found: str
    fix: str


@dataclass(frozen=True)
class SiteFile:
    """Content of a site file."""

    name: str
    floors: tuple[int, ...] = (0,)
    plans: Mapping[int, Path] = field(default_factory=dict)  # map_server YAML by floor, relative to the working folder
    map_frame: str = "map"
    origin: tuple[float, float] | None = None  # latitude and longitude of x = y = 0, degrees
    landmarks: Mapping[str, RoutePoint] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    path: Path = Path()

    def route(self, name: str) -> Route | None:
        """The planned route of this name; None without a name, and for a site without routes.

        Raises:
            ConfigError: the site has other routes only.
        """
        if not name or not self.routes:
            return None
        if name not in self.routes:
            raise ConfigError(
                self.path, wanted=f"one of its routes {', '.join(self.routes)}", found=name, fix="correct it, or add it"
            )
        return self.routes[name]

    def missing(self, walked: Iterable[int]) -> list[int]:
        """Its floors that are not among the walked ones."""
        return [floor for floor in self.floors if floor not in set(walked)]

    def mismatch(self, notes: Mapping[str, str], floors: Iterable[int]) -> SiteMismatch | None:
        """Reason why a walk is not from this site, or None. A bag without a site in its notes fits every site."""
        if (other := notes.get("site", self.name)) != self.name:
            return SiteMismatch(f"one at {other}", f"leave it out, or give its own site file instead of {self.path}")
        if unknown := sorted(set(floors) - set(self.floors)):
            return SiteMismatch(
                f"floor {', '.join(map(str, unknown))}, which {self.path} does not have",
                "add the floor there, or correct the frame of the landmarks or poses",
            )
        return None


def read_site(path: Path) -> SiteFile:
    """Read a site file, without its floor plans (see `floor_plan.py`).

    Raises:
        ConfigError: the file does not exist, or has an invalid value.
    """
    return parse_site(read_text(path, WANTED), path)


def parse_site(text: str, path: Path) -> SiteFile:
    """Parse the text of a site file; errors: see `read_site`."""
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
            f"{path}, floors", wanted="floors by whole numbers", found=short(floors), fix="as in floors: {0: {}}"
        )
    angles = None if (written := content.get("origin")) is None else parse_origin(written, f"{path}, origin")
    origin = None if angles is None else Origin(*angles)
    plans: dict[int, Path] = {}
    landmarks: dict[str, RoutePoint] = {}
    for number, floor in floors.items():
        source = f"{path}, floor {number}"
        _check_keys(floor := {} if floor is None else floor, FLOOR_KEYS, source)
        if (plan := floor.get("plan")) is not None:
            plans[number] = _file(path, plan, source)
        written = {} if floor.get("landmarks") is None else floor["landmarks"]
        if isinstance(written, str):
            file = _file(path, written, source)
            drawn = file.suffix in GEOJSON
            written = geojson_landmarks(file, number, origin) if drawn else lane_landmarks(file)
        _add_landmarks(landmarks, written, number, source)
    refuse_degrees((each.position_m for each in landmarks.values()), origin, f"{path}, landmarks")
    routes = {} if content.get("routes") is None else content["routes"]
    if not isinstance(routes, dict):
        raise ConfigError(f"{path}, routes", wanted="routes by name", found=short(routes), fix=FIX)
    return SiteFile(
        name,
        tuple(sorted(floors)),
        plans,
        frame,
        angles,
        landmarks,
        {str(key): _route(str(key), value, path, landmarks, set(floors), origin) for key, value in routes.items()},
        path,
    )


def site_notes(site: SiteFile) -> dict[str, str]:
    """Notes of a bag about its site: its name, and the map's frame where it is another than the usual one."""
    return {"site": site.name} | ({} if site.map_frame == SiteFile.map_frame else {MAP_NOTE: site.map_frame})


def site_text(site: SiteFile) -> str:
    """Text of a new site file, with examples of landmarks and routes as comments."""
    lines = [
        f"site: {plain(site.name)}",
        f"map_frame: {plain(site.map_frame)}    # frame of floor 0; map_server's frame_id",
    ]
    if site.origin is not None:
        lines.append(f"origin: [{site.origin[0]}, {site.origin[1]}]    # latitude and longitude of x = y = 0")
    lines.append("floors:")
    for number, floor in enumerate(site.floors):
        lines.append(f"  {floor}:")
        lines += [f"    plan: {plain(str(site.plans[floor]))}"] if floor in site.plans else []
        lines.append("    landmarks:" + ("" if number else f"    # x and y in metres{EXAMPLES}"))
    return "\n".join([*lines, ROUTES])


def parse_origin(value: Any, source: object) -> tuple[float, float]:
    """Latitude and longitude in degrees.

    Raises:
        ConfigError: the value is not two angles in range.
    """
    if not are_numbers(value, 2) or any(abs(angle) > limit for angle, limit in zip(value, MAX_DEGREES, strict=True)):
        raise ConfigError(
            source, wanted="latitude and longitude in degrees", found=short(value), fix="as in 49.4611, 11.1109"
        )
    return float(value[0]), float(value[1])


def _check_keys(content: Any, known: Iterable[str], source: object) -> None:
    wanted = f"some of {', '.join(known)}"
    if not isinstance(content, dict):
        raise ConfigError(source, wanted=wanted, found=short(content), fix=FIX)
    if unknown := [str(key) for key in content if key not in known]:
        raise ConfigError(source, wanted=wanted, found=", ".join(unknown), fix="correct it or leave it out")


def _add_landmarks(landmarks: dict[str, RoutePoint], written: Any, floor: int, source: str) -> None:
    if not isinstance(written, dict):
        raise ConfigError(
            f"{source}, landmarks", wanted="landmarks by name", found=short(written), fix="as in door: [2.0, 3.5]"
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
                f"{source}, landmark {name}", wanted="a unique name", found=f"also {other}", fix="rename one"
            )
        landmarks[name] = RoutePoint((float(at[0]), float(at[1])), floor, name)


def _route(
    name: str,
    written: Any,
    path: Path,
    landmarks: Mapping[str, RoutePoint],
    floors: set[int],
    origin: Origin | None,
) -> Route:
    source = f"{path}, route {name}"
    if isinstance(written, str) and written.endswith(".csv"):
        route = parse_route(name, list(lane_landmarks(_file(path, written, source))), source, landmarks)
    elif isinstance(written, str):
        route = read_geojson(_file(path, written, source), name, origin)
    else:
        route = parse_route(name, written, source, landmarks)
        refuse_degrees((point.position_m for point in route.points), origin, source)
    if unknown := sorted({point.floor for point in route.points} - floors):
        raise ConfigError(
            source,
            wanted=f"points on its floors {', '.join(map(str, sorted(floors)))}",
            found=f"floor {', '.join(map(str, unknown))}",
            fix="correct the floor, or add it to floors",
        )
    return route


def _file(path: Path, written: Any, source: str) -> Path:
    """A file named in the site file, relative to the site file."""
    if not isinstance(written, str) or not written:
        raise ConfigError(source, wanted="the path of a file", found=short(written), fix="correct it or leave it out")
    return Path(os.path.normpath(path.parent / Path(written).expanduser()))
