"""Tensors of a run's folder: weights, and the state of an optimizer; safetensors, no pickle."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from mail_ros.core.errors import MailError
from mail_ros.training.run_folder import RunFolder


def save_tensors(folder: RunFolder, name: str, tensors: Mapping[str, Tensor]) -> None:
    """Write `name`.safetensors."""
    if folder.processes.leads:
        folder.write(f"{name}.safetensors", save({key: value.contiguous() for key, value in tensors.items()}))


def load_tensors(folder: RunFolder, name: str) -> dict[str, Tensor] | None:
    """Read `name`.safetensors; None if the run has not written it.

    Raises:
        MailError: the file is damaged.
    """
    content = folder.read(f"{name}.safetensors")
    if content is None:
        return None
    try:
        return load(content)
    except SafetensorError as error:
        file = folder.path / f"{name}.safetensors"
        raise MailError(file, wanted="a run's state", found=str(error), fix="delete the run, and train again") from None


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
