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

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from mail_ros.core.errors import ConfigError, MailError


class RunFolder:
    """Files of one run; each is written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self, config: Mapping[str, Any], resume: bool) -> None:
        """Claim the folder for a run of `config`.

        Raises:
            MailError: it holds a run already and `resume` is false, or none and it is true.
            ConfigError: it holds a run with other settings or bags; the first difference is named.
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
            _refuse_difference(self.path, json.loads(file.read_text()), json.loads(json.dumps(config)))
            return
        self.path.mkdir(parents=True, exist_ok=True)
        self._write("config.json", json.dumps(config, indent=2).encode())

    def log(self, row: Mapping[str, Any]) -> None:
        """Append one epoch's metrics."""
        with (self.path / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")

    def save_tensors(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """Write `name`.safetensors."""
        self._write(f"{name}.safetensors", save({key: value.contiguous() for key, value in tensors.items()}))

    def load_tensors(self, name: str) -> dict[str, Tensor] | None:
        """Read `name`.safetensors; None where the run did not get that far."""
        file = self.path / f"{name}.safetensors"
        if not file.exists():
            return None
        try:
            return load(file.read_bytes())
        except SafetensorError as error:
            raise MailError(
                file, wanted="a run's state", found=str(error), fix="delete the run and start it anew"
            ) from None

    def _write(self, name: str, content: bytes) -> None:
        partial = self.path / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(self.path / name)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimizer's state as named tensors (no pickle)."""
    state = optimizer.state_dict()["state"]
    return {f"optimizer.{index}.{name}": value for index, values in state.items() for name, value in values.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """The inverse of `optimizer_tensors`."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".", 2)
            state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def _refuse_difference(path: Path, was: Any, now: Any, name: str = "") -> None:
    if isinstance(was, dict) and isinstance(now, dict):
        for key in sorted(was.keys() | now.keys()):
            _refuse_difference(path, was.get(key), now.get(key), f"{name}.{key}" if name else key)
    elif was != now:
        raise ConfigError(
            f"{path}: {name}", wanted=f"{was} as the run began", found=str(now), fix="resume as it began, or start anew"
        )
