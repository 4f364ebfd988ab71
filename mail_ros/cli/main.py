"""`mail_ros VERB`: the app; every error ends here, in one line and an exit code (see `ExitCode`)."""

from __future__ import annotations

import sys
import traceback
from enum import IntEnum
from typing import Annotated

import typer

import mail_ros
from mail_ros.cli.benchmark import benchmark
from mail_ros.cli.calibrate import calibrate
from mail_ros.cli.check import check
from mail_ros.cli.console import print_error
from mail_ros.cli.demo import demo
from mail_ros.cli.evaluate import evaluate
from mail_ros.cli.import_ import import_
from mail_ros.cli.mark import mark
from mail_ros.cli.options import retire
from mail_ros.cli.repair import repair
from mail_ros.cli.replay import replay
from mail_ros.cli.report import report
from mail_ros.cli.simulate import simulate
from mail_ros.cli.site import site
from mail_ros.cli.train import train
from mail_ros.cli.view import view
from mail_ros.core.errors import MailError
from mail_ros.nodes.spin import missing

# click's UsageError, from typer's own copy or click itself
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="mail_ros",
    help="Indoor localization from magnetometer samples: import and check surveys, train, evaluate, replay.\n\n"
    "From a building to a model: `site init`, `import` or record, `check`, `train`; each prints the next command.\n\n"
    "Every verb prints where its result is, or the result itself with `--json`, and has an example in its `--help`. "
    "`mail_ros --install-completion` sets up completion of verbs and options in your shell.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


class ExitCode(IntEnum):
    """Exit code of a verb, with its meaning."""

    DONE = 0, "done; a checked item is good enough"
    FAILED = (
        1,
        "not done, or a checked item (a bag, a model on held-out walks) is not good enough; the line on stderr has "
        "wanted, found and fix",
    )
    USAGE = 2, "the command was called wrongly; the line on stderr names the `--help` to look at"
    BUG = 70, "an error of mail_ros itself; please report it with the traceback that was printed"
    INTERRUPTED = 130, "Ctrl-C"

    meaning: str

    def __new__(cls, value: int, meaning: str) -> ExitCode:
        """A code with its meaning."""
        code = int.__new__(cls, value)
        code._value_, code.meaning = value, meaning
        return code


def _print_version(chosen: bool) -> None:
    if chosen:
        print(f"mail_ros {mail_ros.__version__}")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version, and end.")
    ] = False,
) -> None:
    """Options before a verb."""


app.add_typer(site, name="site")
app.command("import")(import_)
app.command()(mark)
app.command()(check)
app.command()(repair)
app.command()(calibrate)
app.command()(train)
app.command()(evaluate)
app.command()(replay)
app.command()(view)
app.command()(simulate)
app.command()(demo)
app.add_typer(benchmark, name="benchmark")
app.command()(report)
retire(
    app,
    "export",
    found="one that is gone",
    fix="give the localizer the .safetensors file of `mail_ros train`: it needs numpy only",
)


def main() -> None:
    """Run a verb, and end with its exit code."""
    sys.exit(run())


def run(of: typer.Typer | None = None, name: str = "mail_ros") -> int:
    """Run the verb of the command line; an error becomes a line on stderr and an exit code.

    Args:
        of: app with the verbs; default: the verbs of `mail_ros`.
        name: the program's name in messages.
    """
    try:
        return int((of or app)(prog_name=name, standalone_mode=False) or ExitCode.DONE)
    except MailError as error:
        print_error(error)
        return ExitCode.FAILED
    except _USAGE_ERROR as error:
        return _wrong_usage(error)
    except OSError as error:  # a file or a folder on the command line, or a full disk
        subject, found = error.filename or "this machine", str(error.strerror or error).lower()
        print_error(MailError(subject, wanted="to read or write it", found=found, fix="correct that, or name another"))
        return ExitCode.FAILED
    except typer.Abort:  # Ctrl-C in typer before 0.26
        return ExitCode.INTERRUPTED
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and not (error.name or "mail_ros").startswith("mail_ros"):
            print_error(missing(error))
            return ExitCode.FAILED
        traceback.print_exc()
        return ExitCode.BUG


def _wrong_usage(error: Exception) -> ExitCode:
    """Print the error; without any argument, typer has printed the help already."""
    if message := error.format_message().rstrip("."):  # type: ignore[attr-defined]
        print_error(f"{message}; see `{error.ctx.command_path} --help`")  # type: ignore[attr-defined]
    return ExitCode.USAGE


if __name__ == "__main__":
    main()
