"""Variants of a run that studies compare, each as its changes of the settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mail_ros.evaluation.accuracy import Bench, settled
from mail_ros.training.run_config import RunConfig

AREA_STRIDE_S = 1.0
LENGTHS_S = (2.0, 4.0, 6.0, 8.0, 10.0)
TRAINING: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "as it is": ("training", {}),
    "no pitch": ("augment", {"tilt_deg": 0.0}),
    "no noise": ("augment", {"noise_ut": 0.0}),
    "one speed": ("training", {"speed": (1.0, 1.0)}),
    "soft iron": ("augment", {"soft_iron": 0.05}),
    "twice as wide": ("mail", {"hidden": 64, "feature": 64}),
}
INGREDIENTS: Mapping[str, Mapping[str, Any]] = {
    "all": {},
    "no pitch": {"tilt_ut2": 1e6},
    "no offset": {"offset_weight": 0.0},
    "offset whole": {"offset_weight": 1.0, "offset_max_ut2": 1e6},
    "offset without bound": {"offset_max_ut2": 1e6},
    "one speed": {"speeds": (1.0,)},
    "none of these": {"tilt_ut2": 1e6, "offset_weight": 0.0, "speeds": (1.0,)},
    "half the windows": {"stride_s": 0.4},
}


@dataclass(frozen=True)
class Variant:
    """Settings that a study compares with others."""

    columns: Mapping[str, Any]  # columns that name the variant
    bench: Bench


def plain(bench: Bench) -> list[Variant]:
    """The run itself."""
    return [Variant({}, bench)]


def lengths(bench: Bench) -> list[Variant]:
    """Windows of 2 to 10 s; longer scales are dropped, and the whole window is always a scale.

    All count the same seconds of a walk: from the first estimate of the longest window on.
    """
    configs = {length_s: _window(bench.config, length_s, bench.config.mail.scales_s) for length_s in LENGTHS_S}
    from_s = max(settled(config) for config in configs.values())
    return [
        Variant({"length_s": s}, bench.variant(f"length_{s:g}s", config=config, settled_s=from_s))
        for s, config in configs.items()
    ]


def scale_sets(bench: Bench) -> list[Variant]:
    """The longest scale alone, the two longest, and so on to all: every set covers the whole window.

    The paper does not name its sets.
    """
    longest = sorted(bench.config.mail.scales_s, reverse=True)
    configs = {
        n: _window(bench.config, bench.config.by_time.length_s, longest[:n], whole=False)
        for n in range(1, len(longest) + 1)
    }
    return [
        Variant(
            {"scales": n, "scales_s": " ".join(f"{s:g}" for s in config.mail.scales_s)},
            bench.variant(f"scales_{n}", config=config),
        )
        for n, config in configs.items()
    ]


def pieces(bench: Bench) -> list[Variant]:
    """Each scale of the network as a window of its own, one after the other (see `baselines.dtw`)."""
    return [
        Variant({"scale_s": s}, bench.variant(f"scale_{s:g}s", config=_window(bench.config, s, ()), stride_s=s))
        for s in sorted(bench.config.mail.scales_s)
    ]


def ingredients(bench: Bench) -> list[Variant]:
    """Matching without each of the differences between two passes that it allows."""
    return [_changed(bench, "ingredients", name, "matching", changes) for name, changes in INGREDIENTS.items()]


def training(bench: Bench) -> list[Variant]:
    """The network with one ingredient of its training less or more, and with another width."""
    return [_changed(bench, "training", name, section, changes) for name, (section, changes) in TRAINING.items()]


def areas_left_out(bench: Bench) -> list[Variant]:
    """Each route left out of the training, and the other floors; empty if walks name no second route or floor."""
    bench = dataclasses.replace(bench, stride_s=AREA_STRIDE_S)
    routes = sorted({walk.notes["route"] for walk in bench.split.test if "route" in walk.notes})
    variants = [
        Variant({"left_out": route}, bench.variant(f"without_{route}", split=split))
        for route in routes
        if (split := bench.split.without(route))
    ]
    if len({walk.floor for walk in bench.split.test}) > 1:
        variants.append(Variant({"left_out": "other floors"}, bench.variant("everywhere", everywhere=True)))
    return variants


def _changed(bench: Bench, column: str, name: str, section: str, changes: Mapping[str, Any]) -> Variant:
    """A variant with other settings in one section."""
    changed = dataclasses.replace(getattr(bench.config, section), **changes)
    config = dataclasses.replace(bench.config, **{section: changed})
    return Variant({column: name}, bench.variant(name.replace(" ", "_"), config=config))


def _window(config: RunConfig, length_s: float, scales_s: Sequence[float], *, whole: bool = True) -> RunConfig:
    fitting = sorted(s for s in scales_s if s < length_s or not whole)
    mail = dataclasses.replace(config.mail, scales_s=(*fitting, *([length_s] if whole else [])))
    return dataclasses.replace(config, sampling=dataclasses.replace(config.by_time, length_s=length_s), mail=mail)
