"""`mail_ros site`: the site file, which all other verbs share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, print_json
from mail_ros.cli.next_step import print_next, quoted
from mail_ros.cli.options import AsJson
from mail_ros.core.errors import ConfigError

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
