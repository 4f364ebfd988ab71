"""Fixtures that several files use."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import settings

pytest_plugins = ["ros", "small_site"]

# The duration of an example measures how busy the machine is. A change is judged by what it changes: the gate draws the
# same examples each time; `--hypothesis-profile=random` draws others.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("random", deadline=None)
settings.load_profile("same")

MAY_START_PROCESSES = ("process", "docs", "real_time")


@pytest.fixture(autouse=True)
def _no_process_without_its_marker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("starts a process: mark it with pytest.mark.process")

    if not any(map(request.node.get_closest_marker, MAY_START_PROCESSES)):
        monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
