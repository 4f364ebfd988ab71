"""The executable `mail_ros`: the app, where what it needs is installed."""

from __future__ import annotations

import sys
from importlib.metadata import version

from mail_ros.core.errors import ConfigError
from mail_ros.nodes.spin import missing


def main() -> None:
    """Run a verb; on a robot that only localizes, one line names the package that is missing or too old."""
    try:
        from mail_ros.cli.main import run
    except ModuleNotFoundError as error:
        if (error.name or "mail_ros").startswith("mail_ros"):
            raise
        sys.exit(f"mail_ros: {missing(error)}")
    except RuntimeError:  # from typer before 0.12, as in Ubuntu 24.04: it has no optional types
        if (found := version("typer")) >= "0.12":
            raise
        old = ConfigError("Python module typer", wanted="0.12 or newer", found=found, fix="pip install --upgrade typer")
        sys.exit(f"mail_ros: {old}")
    sys.exit(run())
