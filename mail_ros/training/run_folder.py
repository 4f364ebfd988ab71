"""A training run on disk: its inputs, its metrics, and the state to resume from.

config.json          settings and bags (with hashes) that determine the result
metrics.jsonl        one line per epoch
best.safetensors     weights of the best epoch so far
state.safetensors    weights, optimizer and counters after the last epoch
model.safetensors    the finished model with its card
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mail_ros.core.errors import ConfigError, MailError


class RunFolder:
    """Files of one run, each written atomically."""

    def __init__(self, path: Path) -> None:
        """`path` may not exist yet."""
        self.path = path

    def open(self, config: Mapping[str, Any], resume: bool) -> None:
        """Claim the folder for a run of `config`.

        Raises:
            MailError: it holds a run already and `resume` is false, or none and it is true.
            ConfigError: it holds a run with other settings or bags; the message names the first difference.
        """
        file = self.path / "config.json"
        if file.exists() and not resume:
            raise MailError(
                self.path, wanted="a folder without a run", found="a run", fix="add --resume, or give another --run"
            )
        if resume and not file.exists():
            raise MailError(
                self.path, wanted="a run to resume", found="none", fix="leave out --resume, or correct --run"
            )
        if resume:
            _refuse_difference(str(self.path), json.loads(file.read_text()), json.loads(json.dumps(config)))
            return
        self.path.mkdir(parents=True, exist_ok=True)
        self.write("config.json", json.dumps(config, indent=2).encode())

    def log(self, row: Mapping[str, Any]) -> None:
        """Append one epoch's metrics."""
        with (self.path / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if the run has not written it."""
        file = self.path / name
        return file.read_bytes() if file.exists() else None

    def write(self, name: str, content: bytes) -> None:
        """Write a file atomically."""
        partial = self.path / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(self.path / name)


def _refuse_difference(subject: str, wanted: Any, found: Any, name: str = "") -> None:
    """Raise for the first setting or bag that differs from those of the run's start."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted.keys() | found.keys()):
            _refuse_difference(subject, wanted.get(key), found.get(key), f"{name}.{key}" if name else key)
    elif wanted != found:
        fix = "resume with the settings and bags of its start, or start another run"
        raise ConfigError(f"{subject}: {name}", wanted=f"{wanted} as the run began", found=str(found), fix=fix)
