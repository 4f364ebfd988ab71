"""`mail_ros site`: the site file, which all other verbs share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json
from mail_ros.cli.next_step import print_next, quoted
from mail_ros.cli.options import AsJson, SiteOption
from mail_ros.core.errors import ConfigError

if TYPE_CHECKING:  # imports numpy
    from mail_ros.core.types import FloatArray
    from mail_ros.data.floor_plan import FloorPlan
    from mail_ros.data.lane_plan import Area

site = typer.Typer(help="Describe a building once: frame, floors, plans, landmarks, routes.", no_args_is_help=True)


@site.callback()
def group() -> None:
    """Describe a building once, in a file that recorder, import, check, train and report share."""


@site.command()
def init(
    name: Annotated[str, typer.Argument(help="The building's name, as in museum.")],
    floor: Annotated[
        list[str] | None,
        typer.Option(help="FLOOR, or FLOOR=PLAN.yaml, a plan of ROS map_server; repeat for each. Default: floor 0."),
    ] = None,
    map_frame: Annotated[str, typer.Option(help="Frame of floor 0, in which its plan lies.")] = "map",
    origin: Annotated[
        str, typer.Option(help="LATITUDE,LONGITUDE of x = y = 0, to import phones' logs in degrees.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="The file to write; default: NAME.yaml.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a site file; add landmarks and routes to it with an editor.

    Example: `mail_ros site init museum --floor 0 --floor -2`
    """
    from mail_ros.data.floor_plan import floor_plans
    from mail_ros.data.site_file import parse_site

    path = out or Path(f"{name}.yaml")
    if path.exists():
        raise ConfigError(
            path, wanted="a name that is free", found="a file", fix="edit it, or choose another with --out"
        )
    text = _text(name, floor or ["0"], map_frame, origin, path.parent)
    made = parse_site(text, path)
    plans = floor_plans(made)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    for number in made.floors:
        console.print(f"floor {number}: {_plan_text(plans[number].extent_m) if number in plans else 'no plan'}")
    console.print(f"site: {path}")
    if as_json:
        print_json({"site": path, "floors": made.floors, "plans": made.plans})
    print_next(
        quoted("ros2", "launch", "mail_ros", "record.launch.py", f"site_file:={path}"),
        quoted("mail_ros", "import", "KIND") + " FILES... " + quoted("--site-file", path, "--out", "bags"),
    )


@site.command()
def lanes(
    site_file: SiteOption = None,
    floor: Annotated[int, typer.Option(help="Floor of the lanes.")] = 0,
    spacing: Annotated[float, typer.Option(min=0.2, max=20.0, help="Distance of neighbouring lanes, m.")] = 1.0,
    corners: Annotated[
        str,
        typer.Option(
            help='Corners "X,Y X,Y ..." of the area in the map frame, two of a rectangle or all of a polygon. Default: '
            "what is free in the plan of the site file, 0.4 m from walls."
        ),
    ] = "",
    out: Annotated[Path, typer.Option(help="The CSV to write; the picture is beside it, as PNG.")] = Path("lanes.csv"),
    as_json: AsJson = False,
) -> None:
    """Plan parallel lanes for a survey of an area; both ends of each lane are landmarks.

    Example: `mail_ros site lanes --corners "0,0 12,8" --spacing 1.0 --out plans/lanes.csv`
    """
    from mail_ros.data.floor_plan import floor_plans
    from mail_ros.data.lane_plan import plan_lanes, write_lanes
    from mail_ros.data.site_file import read_site
    from mail_ros.evaluation.coverage.lanes_picture import draw_lanes

    known_site = read_site(site_file) if site_file else None
    plan = floor_plans(known_site).get(floor)
    found = plan_lanes(*_bounds(corners, plan), spacing, "L" if floor == 0 else f"F{floor}L")
    if not found:
        raise ConfigError(
            corners or site_file, wanted="an area with room for a lane of 2 m", found="none", fix="name a larger one"
        )
    write_lanes(out, found)
    total_m = sum(lane.length_m for lane in found)
    words = f"floor {floor}: {len(found)} lanes of {total_m:.0f} m in all, {spacing:g} m apart"
    draw_lanes(picture := out.with_suffix(".png"), words, found, plan)
    console.print(words)
    console.print(f"lanes: {out}   picture: {picture}")
    if as_json:
        print_json({"lanes": [lane._asdict() for lane in found], "csv": out, "picture": picture})
    file = site_file or Path("SITE.yaml")
    written = os.path.relpath(out, file.parent)
    console.print(f"write into {file}: `landmarks: {written}` below floor {floor}, `lanes: {written}` below routes")
    print_next(
        quoted("ros2", "launch", "mail_ros", "record.launch.py", "autostart:=false", f"site_file:={file}")
        + " route:=lanes",
    )


def _bounds(corners: str, plan: FloorPlan | None) -> tuple[Area, FloatArray, FloatArray]:
    """Where lanes may lie, and the lower left and upper right corner of a box around it."""
    import numpy as np

    from mail_ros.data.lane_plan import polygon_area

    if not corners and plan is not None:
        return plan.free_at, *plan.known_m
    try:
        corners_m = np.array([[float(value) for value in each.split(",")] for each in corners.split()])
    except ValueError:
        corners_m = np.zeros(0)
    if corners_m.ndim != 2 or corners_m.shape[1] != 2 or len(corners_m) < 2 or not np.isfinite(corners_m).all():
        found = repr(corners) if corners else "neither --corners nor a plan of the floor"
        raise ConfigError("--corners", wanted='two or more corners "X,Y X,Y", in metres', found=found, fix="name them")
    low_m, high_m = corners_m.min(axis=0), corners_m.max(axis=0)
    if len(corners_m) == 2:
        corners_m = np.array([low_m, [high_m[0], low_m[1]], high_m, [low_m[0], high_m[1]]])
    inside = polygon_area(corners_m)
    return (inside if plan is None else lambda at_m: inside(at_m) & plan.free_at(at_m)), low_m, high_m


def _text(name: str, floors: list[str], map_frame: str, origin: str, folder: Path) -> str:
    """The content of the file; paths of plans are relative to its folder."""
    from mail_ros.data.site_file import SiteFile, site_text

    plans: dict[int, Path] = {}
    numbers: list[int] = []
    for one in floors:
        number, _, plan = one.partition("=")
        try:
            numbers.append(int(number))
        except ValueError:
            raise ConfigError(
                "--floor", wanted="FLOOR or FLOOR=PLAN.yaml", found=one, fix="as in --floor 0=plans/ground.yaml"
            ) from None
        if plan:
            path = Path(plan).expanduser()
            plans[numbers[-1]] = path if path.is_absolute() else Path(os.path.relpath(path, folder))
    if len(set(numbers)) < len(numbers):
        raise ConfigError("--floor", wanted="each floor once", found=" ".join(floors), fix="leave one out")
    return site_text(SiteFile(name, tuple(sorted(numbers)), plans, map_frame, _origin(origin) if origin else None))


def _origin(text: str) -> tuple[float, float]:
    from mail_ros.data.site_file import parse_origin

    try:
        parts: list[float] | str = [float(part) for part in text.split(",")]
    except ValueError:
        parts = text
    return parse_origin(parts, "--origin")


def _plan_text(extent_m: tuple[float, float, float, float]) -> str:
    left_m, right_m, low_m, high_m = extent_m
    return f"plan of x {left_m:.1f} to {right_m:.1f} m, y {low_m:.1f} to {high_m:.1f} m"
