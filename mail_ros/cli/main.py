"""`mail_ros VERB`: one app, one place where errors end.

Exit codes: 0 done, 1 something that the message says how to mend, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import sys

import typer

from mail_ros.cli.benchmark import benchmark
from mail_ros.cli.calibrate import calibrate
from mail_ros.cli.check import check
from mail_ros.cli.demo import demo
from mail_ros.cli.evaluate import evaluate
from mail_ros.cli.export import export
from mail_ros.cli.field import field
from mail_ros.cli.from_map import from_map
from mail_ros.cli.import_ import import_
from mail_ros.cli.mark import mark
from mail_ros.cli.recorder import recorder
from mail_ros.cli.repair import repair
from mail_ros.cli.replay import replay
from mail_ros.cli.report import report
from mail_ros.cli.robots import robots
from mail_ros.cli.simulate import simulate
from mail_ros.cli.soak import soak
from mail_ros.cli.speed import speed
from mail_ros.cli.train import train
from mail_ros.cli.view import view
from mail_ros.core.errors import MailError

app = typer.Typer(
    name="mail_ros",
    help="Indoor localization from magnetometer samples: import and check surveys, train, evaluate, replay.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)

app.command("import")(import_)
app.command()(mark)
app.command()(check)
app.command()(repair)
app.command()(calibrate)
app.command()(train)
app.command()(evaluate)
app.command()(export)
app.command()(replay)
app.command()(view)
app.command()(simulate)
app.command()(demo)
benchmark.command()(speed)
benchmark.command()(soak)
benchmark.command()(recorder)
benchmark.command()(field)
benchmark.command()(robots)
benchmark.command("map")(from_map)
app.add_typer(benchmark, name="benchmark")
app.command()(report)


def main() -> None:
    """Run a verb; a MailError becomes one line on stderr."""
    try:
        app()
    except MailError as error:
        print(f"mail_ros: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
