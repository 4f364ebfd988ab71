"""What an estimate costs, part by part, in processor time of one core: the ratios within a run are the result.

The reference is MAIL's whole window in the paper's configuration, untrained: the time does not depend on the weights.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from mail_ros.core.belief import Cells, FloatArray, survey_cells
from mail_ros.core.config import MailConfig, NetworkConfig, TrackerConfig
from mail_ros.core.fleet import Fleet
from mail_ros.core.localizer import Sample
from mail_ros.core.model import Mail
from mail_ros.core.reader import MailBatch, MailReader, window_answer
from mail_ros.core.signals import NS_PER_S, Tick
from mail_ros.core.tracker import Tracker
from mail_ros.training.config import TrainingConfig
from mail_ros.training.network import MailNetwork, arrays, untrained_network

WARM_UP = 20
ESTIMATES = 300
STRIDE_S = 0.2
WALK_M_S = 1.0
ROBOTS = 100
CORRIDOR_M, BETWEEN_M = 40.0, 5.0
SIZES = (500, 1000, 2000, 4000)  # cells


@dataclass(frozen=True)
class Cost:
    """Processor time of one part of an estimate, ms."""

    part: str
    cells: int
    mean_ms: float
    median_ms: float
    p99_ms: float
    share: float  # mean, of that of the window pass


def costs(sizes: tuple[int, ...] = SIZES, estimates: int = ESTIMATES) -> list[Cost]:
    """The window pass, and the tracker on maps of some sizes: knowing the place, and lost."""
    torch.set_num_threads(1)
    parts = [("window pass, torch", sizes[0], _torch_pass(sizes[0]))]
    parts.append(("window pass, numpy", sizes[0], _window_pass(sizes[0])))
    parts += [(f"carried, {50 // n} estimates/s", sizes[0], _carried(sizes[0], n)) for n in (1, 5)]
    parts.append((f"fleet of {ROBOTS}, 10 estimates/s, all of one stride", sizes[0], _fleet(sizes[0])))
    for cells in sizes:
        for odometry, name in ((True, "odometry"), (False, "walking")):
            for lost in (False, True):
                part = f"tracker, {name}, {'lost' if lost else 'knows the place'}"
                parts.append((part, cells, _tracking(cells, odometry=odometry, lost=lost)))
    taken = [(part, cells, _taken_ms(step, estimates)) for part, cells, step in parts]
    whole_ms = float(taken[0][2].mean())
    return [
        Cost(
            part,
            cells,
            float(ms.mean()),
            float(np.median(ms)),
            float(np.percentile(ms, 99)),
            float(ms.mean()) / whole_ms,
        )
        for part, cells, ms in taken
    ]


def corridors(cells: int) -> Cells:
    """A map of so many cells: corridors two cells wide, `BETWEEN_M` apart, joined along one side."""
    x, y = (each.ravel() for each in np.meshgrid(np.arange(0.0, CORRIDOR_M, 0.5), np.arange(0.0, 0.6, 0.5)))
    one_m = np.vstack([np.column_stack([x, y]), np.column_stack([np.zeros(8), np.arange(1.0, BETWEEN_M, 0.5)])])
    rows = -(-cells // len(one_m))
    all_m = np.vstack([one_m + np.array([0.0, row * BETWEEN_M]) for row in range(rows)])[:cells]
    return survey_cells(all_m, np.zeros(cells, dtype=np.int64), 0.5)


def _network(cells: int) -> MailNetwork:
    training, site = TrainingConfig(), corridors(cells)
    state = {
        "head.cell_position_m": site.position_m,
        "head.cell_floor": site.floor,
        "head.label_sigma_m": np.array(training.label_sigma_m),
        "head.radius_m": np.array(training.radius_m),
    }
    return untrained_network(MailConfig(network=NetworkConfig(head="heatmap")), state).eval()


def _model(cells: int) -> Mail:
    network = _network(cells)
    return Mail(network.config, arrays(network))


def _torch_pass(cells: int) -> Callable[[int], object]:
    network = _network(cells)
    head = network.head.meaning
    window_ut = torch.randn(1, network.config.samples, 3) * 10.0

    def step(_: int) -> object:
        with torch.inference_mode():
            return head.posterior(network(window_ut)[0].numpy())

    return step


def _window_pass(cells: int) -> Callable[[int], object]:
    model = _model(cells)
    window_ut = np.random.default_rng(0).normal(0.0, 10.0, (model.config.samples, 3))
    return lambda _: window_answer(model, window_ut)


def _carried(cells: int, stride: int) -> Callable[[int], object]:
    """All ticks of a stride and what comes out at its end."""
    reader = MailReader(MailBatch(_model(cells), stride))
    field_ut = np.random.default_rng(0).normal(0.0, 10.0, (1000, 3))
    for index in range(-reader.length, 1):
        reader.append(Tick(index, field_ut[index]))

    def step(number: int) -> object:
        for index in range(number * stride + 1, (number + 1) * stride + 1):
            reader.append(Tick(index, field_ut[index % 1000]))
        reader.ask(np.zeros(3))
        return reader.answer()

    return step


def _fleet(cells: int) -> Callable[[int], object]:
    """What `ROBOTS` robots send during a stride, 50 samples a second each, and an estimate for each of them."""
    fleet = Fleet(_model(cells), 0.1, "none", ROBOTS)
    names = [f"robot {number}" for number in range(ROBOTS)]
    for name in names:
        fleet.join(name)
    field_ut = np.random.default_rng(0).normal(0.0, 10.0, (1000, ROBOTS, 3))
    period_ns = NS_PER_S // 50

    def step(number: int) -> object:
        for index in range(number * 5 + 1, (number + 1) * 5 + 1):
            fleet.push((n, Sample(index * period_ns, f)) for n, f in zip(names, field_ut[index % 1000], strict=True))
        return None

    for number in range(-110, 0):  # until the windows are full
        step(number)
    return step


def _tracking(cells: int, *, odometry: bool, lost: bool) -> Callable[[int], object]:
    """One who walks up and down a corridor; evidence is sharp, or all of it noise."""
    tracker = Tracker(corridors(cells), TrackerConfig(), odometry=odometry)
    rng = np.random.default_rng(0)
    step_m = STRIDE_S * WALK_M_S

    def step(number: int) -> object:
        there_m = (number * step_m) % (2.0 * CORRIDOR_M)
        back = there_m > CORRIDOR_M
        place_m = np.array([2.0 * CORRIDOR_M - there_m if back else there_m, 0.0])
        tracker.advance(STRIDE_S, np.array([-step_m if back else step_m, 0.0]) if odometry else None)
        tracker.update(rng.normal(0.0, 0.1, cells) if lost else _sharp(tracker.cells, place_m))
        return tracker.posterior()

    return step


def _sharp(cells: Cells, place_m: FloatArray) -> FloatArray:
    ratio: FloatArray = np.maximum(-20.0, 10.0 - 2.0 * np.square(cells.position_m - place_m).sum(axis=1))
    return ratio


def _taken_ms(step: Callable[[int], object], estimates: int) -> FloatArray:
    for number in range(WARM_UP):
        step(number)
    taken_ms = np.zeros(estimates)
    for number in range(estimates):
        began_s = time.process_time()
        step(WARM_UP + number)
        taken_ms[number] = 1e3 * (time.process_time() - began_s)
    return taken_ms
