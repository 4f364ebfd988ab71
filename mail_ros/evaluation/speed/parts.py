"""Parts of an estimate: MAIL read whole and carried, fleets, the tracker."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from mail_ros.core.belief import Cells, FloatArray
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import Tracker
from mail_ros.core.localizer.fleet import Fleet
from mail_ros.core.localizer.interface import Sample
from mail_ros.core.localizer.reader import MailBatch, MailReader, window_answer
from mail_ros.core.models.mail.mail import Mail, Model
from mail_ros.core.models.mail.mail_config import HeadKind
from mail_ros.core.models.onnx_engine import load_onnx
from mail_ros.core.signal.resampling import NS_PER_S, Tick
from mail_ros.evaluation.speed.models import CORRIDOR_M, corridors, network_of, untrained_model
from mail_ros.training.export import export_onnx
from mail_ros.training.network import MailNetwork, arrays

STRIDE_S = 0.2
WALK_M_S = 1.0
FLEET = 100  # robots
OTHER_WIDTHS = (16, 64, 128)  # hidden numbers

Step = Callable[[int], object]  # one estimate, called with its number


@dataclass(frozen=True)
class Part:
    """Something to be timed."""

    what: str  # its group
    method: str
    make: Callable[[], Step]
    per_s: float  # estimates a second
    size: str = ""  # of network and map
    robots: int = 1  # that a step serves


def networks(cells: int) -> Iterator[Part]:
    """The paper's network, a pass of torch over its windows first; then with the heatmap head, and other widths."""
    yield from _forms("paper", "regression", 32, 0)
    yield Part("paper", "window pass, onnxruntime", _onnx_pass, 50.0, "hidden 32")
    yield from _forms("heatmap head", "heatmap", 32, cells)
    for hidden in OTHER_WIDTHS:
        yield from _forms("other widths", "regression", hidden, 0)


def _forms(what: str, head: HeadKind, hidden: int, cells: int) -> Iterator[Part]:
    """One network, read whole and carried."""
    network = partial(network_of, head, hidden, cells)
    size = f"hidden {hidden}" + (f", {cells:,} cells" if cells else "")
    yield Part(what, "window pass, torch", lambda: _torch_pass(network()), 50.0, size)
    yield Part(what, "window pass, numpy", lambda: _window_pass(_model(network())), 50.0, size)
    yield Part(what, "carried, 50 estimates/s", lambda: _carried(_model(network()), 1), 50.0, size)
    yield Part(what, "carried, 10 estimates/s", lambda: _carried(_model(network()), 5), 10.0, size)


def fleets(cells: int) -> Iterator[Part]:
    """What `FLEET` robots send during a stride, 50 samples a second each, and an estimate for each of them."""
    name = f"{FLEET} robots, 10 estimates/s each"
    paper, heatmap = partial(network_of, "regression", 32, 0), partial(network_of, "heatmap", 32, cells)
    yield Part("fleet", name, lambda: _fleet(_model(paper())), 10.0, "hidden 32", FLEET)
    yield Part("fleet", name, lambda: _fleet(_model(heatmap())), 10.0, f"hidden 32, {cells:,} cells", FLEET)


def trackers(sizes: Sequence[int]) -> Iterator[Part]:
    """A move, an update and what the belief says, on maps of some sizes: knowing the place, and lost."""
    for cells in sizes:
        for odometry, name in ((True, "odometry"), (False, "walking")):
            for lost, knows in ((False, "knows the place"), (True, "lost")):
                make = partial(_tracking, cells, odometry=odometry, lost=lost)
                yield Part("tracker", f"{name}, {knows}", make, 1.0 / STRIDE_S, f"{cells:,} cells")


def _model(network: MailNetwork) -> Mail:
    return Mail(network.config, arrays(network))


def _torch_pass(network: MailNetwork) -> Step:
    head = network.head.meaning
    window_ut = torch.randn(1, network.config.samples, 3) * 10.0

    def step(_: int) -> object:
        with torch.inference_mode():
            return head.posterior(network(window_ut)[0].numpy())

    return step


def _onnx_pass() -> Step:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "paper.safetensors")
        untrained_model(file)
        export_onnx(file, file.with_suffix(".onnx"))
        model, _ = load_onnx(file.with_suffix(".onnx"))
    return _window_pass(model)


def _window_pass(model: Model) -> Step:
    window_ut = np.random.default_rng(0).normal(0.0, 10.0, (model.config.samples, 3))
    return lambda _: window_answer(model, window_ut)


def _carried(model: Mail, stride: int) -> Step:
    """All ticks of a stride and what comes out at its end."""
    reader = MailReader(MailBatch(model, stride))
    field_ut = np.random.default_rng(0).normal(0.0, 10.0, (1000, 3))
    for index in range(-reader.length, 1):
        reader.append(Tick(index, field_ut[index]))

    def step(number: int) -> object:
        for index in range(number * stride + 1, (number + 1) * stride + 1):
            reader.append(Tick(index, field_ut[index % 1000]))
        reader.ask(np.zeros(3))
        return reader.answer()

    return step


def _fleet(model: Mail) -> Step:
    fleet = Fleet(model, 0.1, "none", FLEET)
    names = [f"robot {number}" for number in range(FLEET)]
    for name in names:
        fleet.join(name)
    field_ut = np.random.default_rng(0).normal(0.0, 10.0, (1000, FLEET, 3))
    period_ns = NS_PER_S // 50

    def step(number: int) -> object:
        for index in range(number * 5 + 1, (number + 1) * 5 + 1):
            samples = ((n, Sample(index * period_ns, f)) for n, f in zip(names, field_ut[index % 1000], strict=True))
            said = fleet.push(samples)
        return said

    for number in range(-110, 0):  # until the windows are full
        step(number)
    return step


def _tracking(cells: int, *, odometry: bool, lost: bool) -> Step:
    """One who walks up and down a corridor; evidence is sharp, or all of it noise."""
    tracker = Tracker(corridors(cells), FilterConfig(), odometry=odometry)
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
