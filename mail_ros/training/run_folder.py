"""A training run on disk: what it was given, how it went, and what is needed to go on with it.

config.json          settings and bags (with hashes) that decide the result
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

BEGAN = ("as the run began", "resume as it began, or start anew")
LED = ("as on process 0", "give all processes the same bags and settings")


class RunFolder:
    """Files of one run; each is written whole or not at all. Of several processes, the leader reads and writes them."""

    def __init__(self, path: Path, processes: Processes | None = None) -> None:
        """A folder, which may not be there yet, and who works on the run; None is this process alone."""
        self.path = path
        self.processes = processes or Processes()

    def open(self, config: Mapping[str, Any], resume: bool) -> None:
        """Claim the folder for a run of `config`.

        Raises:
            MailError: it holds a run already and `resume` is false, or none and it is true.
            ConfigError: it holds a run with other settings or bags, or another process does; the first difference is
                named.
        """
        plain = json.loads(json.dumps(config))
        self.processes.from_leader(lambda: self._claim(plain, resume))
        of_leader = self.processes.from_leader(lambda: plain)
        self.processes.attempt(lambda: _refuse_difference(f"process {self.processes.rank}", of_leader, plain, LED))

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
        """The content of a file; None where the run did not get that far."""
        file = self.path / name
        return self.processes.from_leader(lambda: file.read_bytes() if file.exists() else None)

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all."""
        if not self.processes.leads:
            return
        partial = self.path / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(self.path / name)


def _refuse_difference(subject: str, wanted: Any, found: Any, why: tuple[str, str], name: str = "") -> None:
    """Name the first setting that differs; `why` is where the wanted value comes from, and the fix."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted.keys() | found.keys()):
            _refuse_difference(subject, wanted.get(key), found.get(key), why, f"{name}.{key}" if name else key)
    elif wanted != found:
        source, fix = why
        raise ConfigError(f"{subject}: {name}", wanted=f"{wanted} {source}", found=str(found), fix=fix)
