"""Training of a network: windows of the training walks in, the best epoch's weights out.

Every epoch draws its order and its speeds from (seed, epoch) alone, every step its augmentation from (seed, step). So
an interrupted and resumed run gives the same model as an uninterrupted one, and several processes (see `distribution`)
that of one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.dataset import WindowSet
from mail_ros.training.augment import Draws, augment
from mail_ros.training.residuals import residuals_m
from mail_ros.training.run_config import RunConfig
from mail_ros.training.run_folder import RunFolder
from mail_ros.training.run_tensors import load_tensors, optimizer_tensors, restore_optimizer, save_tensors
from mail_ros.training.torch_heads import Network, RegressionLayer


@dataclass(frozen=True)
class Progress:
    """Progress of a run, for display."""

    step: int
    steps: int  # number of steps if the run does not stop early
    epoch: int
    loss: float  # loss of the last step
    validation_m: float  # mean error of the last validation; NaN before the first
    best_m: float


@dataclass
class _State:
    epoch: int = 0  # the next one to run
    best_m: float = math.inf
    best_epoch: int = -1


_MODEL = "model."  # prefix of the weights among the state's tensors


@contextmanager
def _without_denormals() -> Iterator[None]:
    """Flush numbers below 1e-38 to 0, since processors are slow on them.

    A gradient over hundreds of steps fades to such numbers: a step at 50 Hz takes four times as long. The setting also
    holds for threads that torch starts meanwhile.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


class Trainer:
    """One run. `fit` continues from the state in the run folder."""

    def __init__(
        self, config: RunConfig, model: Network, train: WindowSet, validation: WindowSet | None, folder: RunFolder
    ) -> None:
        """Prepare a run.

        Args:
            config: settings; the caller seeds the weights before it builds the model.
            model: an untrained torch module.
            train: windows to learn from.
            validation: windows to choose the best epoch by; None runs all epochs and keeps the last.
            folder: keeps the run's state; names the run's processes.
        """
        self.config = config
        self.processes = folder.processes
        self.windows = train
        self.validation = validation
        self.folder = folder
        self.model = model.to(self.processes.device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.training.learning_rate)
        self.steps_per_epoch = math.ceil(len(train) / config.training.batch)
        self.state = _State()
        self._restore()

    def fit(self, report: Callable[[Progress], None] = lambda now: None) -> Network:
        """Run the remaining epochs; returns the model of the best one, or of the last (`TrainingConfig.keep`)."""
        settings = self.config.training
        validation_m = math.nan
        patience = settings.epochs if settings.keep == "last" else settings.patience
        while self.state.epoch < settings.epochs and self.state.epoch - self.state.best_epoch <= patience:
            losses = []
            for index, (ends, speed) in enumerate(self.batches(self.state.epoch)):
                step = self.state.epoch * self.steps_per_epoch + index
                losses.append(self.step(step, ends, speed))
                steps = settings.epochs * self.steps_per_epoch
                report(Progress(step + 1, steps, self.state.epoch, losses[-1], validation_m, self.state.best_m))
            validation_m = math.nan
            if self.validation:
                residual_m = self._residuals_m(self.validation)
                validation_m = float(np.linalg.norm(residual_m, axis=1).mean())
            self._finish_epoch(float(np.mean(losses)), validation_m)
        self.model.load_state_dict(load_tensors(self.folder, "best") or {})
        self.model.eval()
        if isinstance(self.model.head, RegressionLayer):
            self.model.head.set_residuals(self._residuals_m(self.validation or self.windows))
        return self.model

    def _residuals_m(self, windows: WindowSet) -> FloatArray:
        """Residuals (n, 2), each from one process; all processes get all of them, and so stop at the same epoch."""
        device, rows = self.processes.device, self.processes.rows(len(windows))
        residual_m = np.zeros((len(windows), 2))
        self.model.eval()
        with torch.inference_mode():
            if rows.start < rows.stop:
                residual_m[rows] = residuals_m(
                    lambda field_ut: self.model(torch.from_numpy(field_ut).to(device)).cpu().numpy(),
                    self.model.head.meaning,
                    windows,
                    rows,
                )
            return self.processes.sum(torch.from_numpy(residual_m)).numpy()

    def batches(self, epoch: int) -> list[tuple[IntArray, FloatArray]]:
        """Ends (B,) and speeds (B,) of the windows of every step of an epoch."""
        settings = self.config.training
        rng = np.random.default_rng((settings.seed, epoch))
        ends = rng.permutation(self.windows.ends)
        slowest, fastest = settings.speed
        speed = rng.uniform(slowest, fastest, size=len(ends))
        cuts = range(settings.batch, len(ends), settings.batch)
        return list(zip(np.split(ends, cuts), np.split(speed, cuts), strict=True))

    @_without_denormals()
    def step(self, step: int, ends: IntArray, speed: FloatArray) -> float:
        """Train on one batch; returns its loss. `step` determines the random numbers and the learning rate."""
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate(step)
        self.optimizer.zero_grad()
        loss = self.processes.sum_gradients(self.model, self._own_part(step, ends, speed))
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return loss.item()

    def _own_part(self, step: int, ends: IntArray, speed: FloatArray) -> Tensor:
        """Gradients and loss () of this process's rows, weighted so that the sum over processes is the batch's."""
        batch, rows, device = len(ends), self.processes.rows(len(ends)), self.processes.device
        if rows.start == rows.stop:
            return torch.zeros((), device=device)
        draws = Draws(torch.Generator().manual_seed(self.config.training.seed * 1_000_003 + step), batch, rows)
        draws.normal(2)  # unused: keeps a seed's augmentation that of earlier releases
        ends, speed = ends[rows], speed[rows]
        field_ut = augment(torch.from_numpy(self.windows.fields(ends, speed)), self.config.augment, draws)
        position_m = torch.from_numpy(self.windows.position_m[ends]).float()
        floor = torch.from_numpy(self.windows.floor[ends])
        loss = self.model.head.loss(self.model(field_ut.to(device)), position_m.to(device), floor.to(device))
        loss = loss * (len(ends) / batch)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _learning_rate(self, step: int) -> float:
        """Linear rise over the first twentieth of the run, then a cosine down to 0."""
        done = step / (self.config.training.epochs * self.steps_per_epoch)
        factor = done / 0.05 if done < 0.05 else 0.5 * (1 + math.cos(math.pi * (done - 0.05) / 0.95))
        return self.config.training.learning_rate * max(factor, 1e-3)

    def _finish_epoch(self, loss: float, validation_m: float) -> None:
        state = self.state
        if validation_m < state.best_m or not self.validation or self.config.training.keep == "last":
            state.best_m, state.best_epoch = validation_m, state.epoch
            save_tensors(self.folder, "best", self.model.state_dict())
        self.folder.log(
            {"epoch": state.epoch, "loss": loss, "validation_mean_m": validation_m if self.validation else None}
        )
        state.epoch += 1
        counters = {f"run.{key}": torch.tensor(value, dtype=torch.float64) for key, value in vars(state).items()}
        model = {f"{_MODEL}{key}": value for key, value in self.model.state_dict().items()}
        save_tensors(self.folder, "state", model | optimizer_tensors(self.optimizer) | counters)

    def _restore(self) -> None:
        tensors = load_tensors(self.folder, "state")
        if tensors is None:
            return
        self.model.load_state_dict(
            {name.removeprefix(_MODEL): value for name, value in tensors.items() if name.startswith(_MODEL)}
        )
        restore_optimizer(self.optimizer, tensors)
        self.state = _State(int(tensors["run.epoch"]), float(tensors["run.best_m"]), int(tensors["run.best_epoch"]))
