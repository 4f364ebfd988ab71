"""Parts of an estimate: a pass of MAIL over the window, MAIL streamed, the grid filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from benchmarks.speed.models import CORRIDOR_M, corridors, network_of
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.filter.single_window import SingleWindow
from mail_ros.core.models.mail.mail import Mail
from mail_ros.core.models.mail_config import HeadKind
from mail_ros.core.models.model import Query
from mail_ros.core.types import Cells, FloatArray, Prediction, Row
from mail_ros.training.network import MailNetwork, arrays

STRIDE_S = 0.2
WALK_M_S = 1.0
OTHER_WIDTHS = (16, 64, 128)  # hidden numbers

Step = Callable[[int], object]  # one estimate, called with its number


@dataclass(frozen=True)
class Part:
    """A part of an estimate, to be timed."""

    what: str  # group of the part
    method: str
    make: Callable[[], Step]
    per_s: float  # estimates a second
    size: str = ""  # size of network and map


def networks(cells: int) -> Iterator[Part]:
    """The paper's network, a pass of torch over its windows first; then with the heatmap head, and other widths."""
    yield from _forms("paper", "regression", 32, 0)
    yield from _forms("heatmap head", "heatmap", 32, cells)
    for hidden in OTHER_WIDTHS:
        yield from _forms("other widths", "regression", hidden, 0)


def _forms(what: str, head: HeadKind, hidden: int, cells: int) -> Iterator[Part]:
    """One network, by window passes and streamed."""
    network = partial(network_of, head, hidden, cells)
    size = f"hidden {hidden}" + (f", {cells:,} cells" if cells else "")
    yield Part(what, "window pass, torch", lambda: _torch_pass(network()), 50.0, size)
    yield Part(what, "window pass, numpy", lambda: _window_pass(_model(network())), 50.0, size)
    yield Part(what, "streamed, 50 estimates/s", lambda: _streamed(_model(network()), 1), 50.0, size)
    yield Part(what, "streamed, 10 estimates/s", lambda: _streamed(_model(network()), 5), 10.0, size)


def trackers(sizes: Sequence[int]) -> Iterator[Part]:
    """A prediction, an update and the posterior, on maps of some sizes: with a known position, and lost."""
    for cells in sizes:
        for odometry, name in ((True, "odometry"), (False, "walking")):
            for lost, state in ((False, "localized"), (True, "lost")):
                make = partial(_tracking, cells, odometry=odometry, lost=lost)
                yield Part("tracker", f"{name}, {state}", make, 1.0 / STRIDE_S, f"{cells:,} cells")


def _model(network: MailNetwork) -> Mail:
    return Mail(network.config, arrays(network))


def _torch_pass(network: MailNetwork) -> Step:
    head = network.head.meaning
    window_ut = torch.randn(1, network.config.samples, 3) * 10.0

    def step(_: int) -> object:
        with torch.inference_mode():
            return head.posterior(network(window_ut)[0].numpy())

    return step


def _window_pass(model: Mail) -> Step:
    rows = np.random.default_rng(0).normal(0.0, 10.0, (1, model.samples, 3)).astype(np.float32)
    return lambda _: model.head.posterior(model(rows).raw[0])


def _streamed(model: Mail, stride: int) -> Step:
    """All rows of a stride, and the position at its end."""
    window, alone = model.window(stride), SingleWindow(model.site_map)
    field_ut = np.random.default_rng(0).normal(0.0, 10.0, (1000, 3))
    for index in range(-window.length, 1):
        window.append(Row(index, field_ut[index]))

    def step(number: int) -> object:
        for index in range(number * stride + 1, (number + 1) * stride + 1):
            window.append(Row(index, field_ut[index % 1000]))
        alone.update(model.predict(window, Query(np.zeros(3))))
        return alone.posterior()

    return step


def _tracking(cells: int, *, odometry: bool, lost: bool) -> Step:
    """A person who walks up and down a corridor; likelihoods are sharp, or noise."""
    tracker = GridFilter(corridors(cells), FilterConfig(), odometry=odometry, rows_per_s=10.0, window_rows=100)
    rng = np.random.default_rng(0)
    step_m = STRIDE_S * WALK_M_S

    def step(number: int) -> object:
        there_m = (number * step_m) % (2.0 * CORRIDOR_M)
        back = there_m > CORRIDOR_M
        position_m = np.array([2.0 * CORRIDOR_M - there_m if back else there_m, 0.0])
        tracker.predict((), STRIDE_S, np.array([-step_m if back else step_m, 0.0]) if odometry else np.zeros(2))
        if tracker.update_due():
            tracker.update(Prediction(rng.normal(0.0, 0.1, cells) if lost else _sharp(tracker.cells, position_m)))
        return tracker.posterior()

    return step


def _sharp(cells: Cells, position_m: FloatArray) -> FloatArray:
    ratio: FloatArray = np.maximum(-20.0, 10.0 - 2.0 * np.square(cells.position_m - position_m).sum(axis=1))
    return ratio
