"""Whether a model is worth launching, by its errors on held-out walks and those of two guesses on the same walks.

    model, middle of the site, 1-NN --> median errors --> None, or the reason against the model

Medians, since a tracker recovers from single windows that are lost. A model has to halve the error of the middle of the
site, which needs no field: held-out walks are few and neighbouring errors alike, so that a model without information is
sometimes better by luck, see docs/trust.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mail_ros.core.errors import ModelError
from mail_ros.core.models.site_calibration import NEVER
from mail_ros.core.types import LOCALIZED_FROM, NEAR_M

GAIN = 0.5  # fraction of an error that counts as clearly less
MIN_ESTIMATES = 60  # fewer from left-out walks judge nothing


def not_worth_launching(
    model: object, model_m: float, middle_m: float, nearest_m: float | None = None
) -> ModelError | None:
    """The reason why a model is not worth launching, as one line; None where it is.

    Args:
        model: its name or file.
        model_m: median of its errors on held-out walks.
        middle_m: the same of always answering the middle of the site.
        nearest_m: the same of 1-NN; None where it is not known.
    """
    if not model_m < GAIN * middle_m:
        wanted = f"a median error below {GAIN * middle_m:.2f} m, half of that of the middle of the site"
    elif nearest_m is not None and model_m > NEAR_M and nearest_m < GAIN * model_m:
        wanted = f"a median error below {NEAR_M:g} m, or below twice that of 1-NN, {nearest_m:.2f} m"
    else:
        return None
    return ModelError(
        f"{model} is not worth launching",
        wanted=wanted,
        found=f"{model_m:.2f} m",
        fix="train with another --preset, or survey again as in docs/survey.md",
    )


def survey_reason(model: object, held: Mapping[str, Any] | None) -> ModelError | None:
    """The same by walks that were left out, see `training.calibrate_site`; None where no other walk passed.

    Args:
        model: its name or file.
        held: entry of the model card.
    """
    if held is None or held["on_map"] < MIN_ESTIMATES:
        return None
    return not_worth_launching(model, held["median_m"], held["middle_m"])


def calibration_words(held: Mapping[str, Any]) -> str:
    """What left-out walks said of the beliefs, in one line."""
    passed = "no other walk passes there"
    if held["on_map"]:
        passed = (
            f"{held['on_map']:,} estimates where other walks pass, median {held['median_m']:.2f} m, "
            f"middle of the site {held['middle_m']:.2f} m"
        )
    words = f"walks left out: {passed}; LOCALIZED {held['localized']:.1%}, wrong {held['wrong']:.1%}"
    if held["localized_from"] >= NEVER:
        return f"{words}; no estimate will be LOCALIZED"
    if held["localized_from"] > LOCALIZED_FROM:
        return f"{words}; LOCALIZED from a probability of {held['localized_from']:.2%}"
    return words
