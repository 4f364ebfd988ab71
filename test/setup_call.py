"""What setup.py passes to setuptools, without a build."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import setuptools  # type: ignore[import-untyped]

# What no build needs, by its patterns.
LEFT_OUT = (".*", "__pycache__", "*.egg-info", "build", "dist", "install", "log", "runs", "bags", "docs")


def setup_call(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments of `setup` in the setup.py of a folder."""
    arguments: dict[str, Any] = {}
    monkeypatch.chdir(folder)
    monkeypatch.setattr(setuptools, "setup", lambda **given: arguments.update(given))
    runpy.run_path("setup.py")
    return arguments


def requirement_names(requirements: list[str]) -> set[str]:
    """Packages of a list of requirements, without their versions."""
    return {requirement.partition(">=")[0] for requirement in requirements}
