"""Models that `speed` times: untrained networks, maps of any size, simulated surveys, and model files for the node."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mail_ros.core.belief import survey_cells
from mail_ros.core.models.heads import State
from mail_ros.core.models.mail_config import HeadKind, MailConfig
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import ModelCard, save_model
from mail_ros.core.types import Cells
from mail_ros.data.dataset import WindowSet
from mail_ros.data.simulator.demo import CALM, demo_building
from mail_ros.data.simulator.drive import survey
from mail_ros.data.track import Track
from mail_ros.training.network import MailNetwork, arrays, untrained_network
from mail_ros.training.run_config import TrainingConfig, run_config
from mail_ros.training.site_state import fit_matching

CORRIDOR_M, BETWEEN_M = 40.0, 5.0


def corridors(cells: int) -> Cells:
    """A map of `cells` cells: corridors two cells wide, `BETWEEN_M` apart, joined along one side."""
    x, y = (each.ravel() for each in np.meshgrid(np.arange(0.0, CORRIDOR_M, 0.5), np.arange(0.0, 0.6, 0.5)))
    one_m = np.vstack([np.column_stack([x, y]), np.column_stack([np.zeros(8), np.arange(1.0, BETWEEN_M, 0.5)])])
    rows = -(-cells // len(one_m))
    all_m = np.vstack([one_m + np.array([0.0, row * BETWEEN_M]) for row in range(rows)])[:cells]
    return survey_cells(all_m, np.zeros(cells, dtype=np.int64), 0.5)


def network_of(head: HeadKind, hidden: int, cells: int) -> MailNetwork:
    """An untrained network of the paper's windows and scales; cells are those of a heatmap head."""
    training, site_map = TrainingConfig(), corridors(max(cells, 1))
    site: State = {
        "head.cell_position_m": site_map.position_m,
        "head.cell_floor": site_map.floor,
        "head.label_sigma_m": np.array(training.label_sigma_m),
        "head.radius_m": np.array(training.radius_m),
        "head.center_m": np.zeros(2, np.float32),
        "head.extent_m": np.array(10.0, np.float32),
        "head.floor": np.array(0),
    }
    return untrained_network(ModelConfig(mail=MailConfig(head=head, hidden=hidden)), site).eval()


def surveys() -> list[Track]:
    """Two drives through every corridor of the demo's building."""
    return [walk.track(f"walk {number}") for number, walk in enumerate(survey(demo_building(), 2, 1, CALM))]


def untrained_model(path: Path) -> None:
    """Write a model file of the paper's network."""
    network = network_of("regression", 32, 0)
    golden = np.random.default_rng(0).normal(0.0, 10.0, (network.config.samples, 3)).astype(np.float32)
    save_model(path, arrays(network), ModelCard(network.config), golden)


def matching_model(path: Path) -> None:
    """Write a model file of two simulated surveys, at the usual rate of matching."""
    config = run_config(("kind=matching", "sampling.rate_hz=10"))
    windows = WindowSet(surveys(), config.model, config.stride)
    save_model(path, fit_matching(config, windows), ModelCard(config.model), windows.fields(windows.ends[:1])[0])
