"""Deprecated names of settings: accepted by `--set`, and in model cards of format mail_ros/1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mail_ros.core.signal.sampling import DistanceSampling, TimeSampling

SAMPLED_ALONG = "features.along"  # "way": names with seconds meant metres
RENAMED: Mapping[str, str] = {
    SAMPLED_ALONG: "sampling",
    "features.rate_hz": "sampling.rate_hz",
    "features.max_gap_s": "sampling.max_gap_s",
    "features.frame": "axes",
    "features.gradient": "mail.gradient",
    "features.lag_s": "mail.lag_s",
    "features.scale_ut": "mail.scale_ut",
    "window.length_s": "sampling.length_s",
    "window.scales_s": "mail.scales_s",
    "network.kind": "kind",
    "network.hidden": "mail.hidden",
    "network.feature": "mail.feature",
    "network.attention": "mail.attention",
    "network.attention_hidden": "mail.attention_hidden",
    "network.head": "mail.head",
    "matching.elsewhere_ut2": "matching.background_ut2",
    "matching.offset_share": "matching.offset_weight",
    "matching.offset_most_ut2": "matching.offset_max_ut2",
    "matching.spread": "matching.covariance_scale",
}
BY_DISTANCE: Mapping[str, str] = {
    "sampling.rate_hz": "sampling.per_m",
    "sampling.length_s": "sampling.length_m",
    "sampling.max_gap_s": "sampling.max_gap_m",
    "matching.stride_s": "matching.stride_m",
    "training.validate_stride_s": "training.validate_stride_m",
}


def with_new_names(values: Mapping[str, Any], *, by_distance: bool = False) -> dict[str, Any]:
    """Settings under their present names; a present name stays as it is.

    Args:
        values: by names like `features.rate_hz`.
        by_distance: whether windows are sampled by distance where `features.along` is not among the values.
    """
    along = values.get(SAMPLED_ALONG)
    by_distance = along == "way" or (by_distance and along is None)
    found: dict[str, Any] = {}
    for name, value in values.items():
        new = RENAMED.get(name, name)
        if by_distance and (along or name in RENAMED):
            new = BY_DISTANCE.get(new, new)
        if name != SAMPLED_ALONG:
            found[new] = "gravity" if name == "features.frame" and value == "level" else value
    if along == "way":
        found.setdefault("sampling.per_m", DistanceSampling.per_m)
    elif along is not None:
        found.setdefault("sampling.rate_hz", TimeSampling.rate_hz)
    return found
