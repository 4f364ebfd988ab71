"""Whether a model is worth launching, by its errors on held-out walks and those of two guesses on the same walks.

    model, middle of the site, 1-NN --> median errors --> None, or the reason against the model

Medians, since a tracker recovers from single windows that are lost. A model has to halve the error of the middle of the
site, which needs no field: held-out walks are few and neighbouring errors alike, so that a model without information is
sometimes better by luck, see docs/trust.md.
"""

from __future__ import annotations

from mail_ros.core.errors import ModelError
from mail_ros.core.types import NEAR_M

GAIN = 0.5  # fraction of an error that counts as clearly less


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
