"""Fitting MAIL's network in a run; imports torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

from mail_ros.core.models.heads import State
from mail_ros.data.dataset import WindowSet
from mail_ros.training.loop import Progress, Trainer
from mail_ros.training.maps import head_state
from mail_ros.training.network import MailNetwork, arrays, untrained_network
from mail_ros.training.run_config import RunConfig
from mail_ros.training.run_folder import RunFolder


class FittedNetwork(NamedTuple):
    """A trained network as arrays of a model file."""

    state: State
    best_epoch: int  # whose weights they are


def untrained(config: RunConfig, windows: WindowSet) -> MailNetwork:
    """MAIL for the site that the windows come from; the seed alone decides its weights."""
    torch.manual_seed(config.training.seed)
    return untrained_network(config.model, head_state(config, windows))


def fit_network(
    config: RunConfig,
    windows: WindowSet,
    validation: WindowSet | None,
    folder: RunFolder,
    report: Callable[[Progress], None],
) -> FittedNetwork:
    """Train a network, or continue the run in the folder; arguments as of `Trainer`."""
    trainer = Trainer(config, untrained(config, windows), windows, validation, folder)
    network = trainer.fit(report)
    return FittedNetwork(arrays(network), trainer.state.best_epoch)
