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
from mail_ros.training.distribution import Processes

BEGAN = ("as the run began", "resume with the settings and bags of its start, or start another run")
LEADER = ("as on process 0", "give all processes the same bags and settings")


class RunFolder:
    """Files of one run, each written atomically. Only the leader of several processes reads and writes them."""

    def __init__(self, path: Path, processes: Processes | None = None) -> None:
        """`path` may not exist yet; `processes` are those of the run, None is this process alone."""
        self.path = path
        self.processes = processes or Processes()

    def open(self, config: Mapping[str, Any], resume: bool) -> None:
        """Claim the folder for a run of `config`.

        Raises:
            MailError: it holds a run already and `resume` is false, or none and it is true.
            ConfigError: it holds a run with other settings or bags, or another process does; the message names the
                first difference.
        """
        plain = json.loads(json.dumps(config))
        self.processes.from_leader(lambda: self._claim(plain, resume))
        of_leader = self.processes.from_leader(lambda: plain)
        self.processes.attempt(lambda: _refuse_difference(f"process {self.processes.rank}", of_leader, plain, LEADER))

    def _claim(self, config: dict[str, Any], resume: bool) -> None:
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
            _refuse_difference(str(self.path), json.loads(file.read_text()), config, BEGAN)
            return
        self.path.mkdir(parents=True, exist_ok=True)
        self.write("config.json", json.dumps(config, indent=2).encode())

    def log(self, row: Mapping[str, Any]) -> None:
        """Append one epoch's metrics."""
        if not self.processes.leads:
            return
        with (self.path / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if the run has not written it."""
        file = self.path / name
        return self.processes.from_leader(lambda: file.read_bytes() if file.exists() else None)

    def write(self, name: str, content: bytes) -> None:
        """Write a file atomically."""
        if not self.processes.leads:
            return
        partial = self.path / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(self.path / name)


def _refuse_difference(subject: str, wanted: Any, found: Any, why: tuple[str, str], name: str = "") -> None:
    """Raise for the first setting that differs; `why` is the source of the wanted value, and the fix."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted.keys() | found.keys()):
            _refuse_difference(subject, wanted.get(key), found.get(key), why, f"{name}.{key}" if name else key)
    elif wanted != found:
        source, fix = why
        raise ConfigError(f"{subject}: {name}", wanted=f"{wanted} {source}", found=str(found), fix=fix)
