"""`python -m benchmarks VERB`, run in a checkout: one app, with the errors and exit codes of `mail_ros`."""

from __future__ import annotations

import sys

import typer

from benchmarks.area.area_command import area
from benchmarks.field.field_command import field
from benchmarks.field_map.field_map_command import field_map
from benchmarks.halls.hall_field_command import hall_field
from benchmarks.halls.halls_command import halls
from benchmarks.recorder.recorder_command import recorder
from benchmarks.robots.robots_command import robots
from benchmarks.soak.soak_command import soak
from benchmarks.speed.speed_command import speed
from benchmarks.trust.regions_command import regions
from benchmarks.trust.trust_command import trust
from mail_ros.cli.main import run

NAME = "python -m benchmarks"

app = typer.Typer(
    name=NAME,
    help="Measure speed, endurance, the recorder and simulated robots. Accuracy: `mail_ros benchmark accuracy`.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(speed)
app.command()(soak)
app.command()(recorder)
app.command()(robots)
app.command()(field)
app.command("map")(field_map)
app.command()(area)
app.command()(halls)
app.command()(hall_field)
app.command()(trust)
app.command()(regions)

if __name__ == "__main__":
    sys.exit(run(app, NAME))
