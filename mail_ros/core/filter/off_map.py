"""Whether the device is on the map at all: a recursive Bayes filter of two states.

    log odds of being on the map  +=  log of the mean likelihood ratio of a window over the predicted belief

A window's ratio is against the background model, an unsurveyed position; see `Prediction.log_likelihood`. On the map,
the belief predicts where the next window comes from, so that its mean ratio is above 1. Off the map, the best matches
of successive windows do not agree with the motion of the device.
"""

from __future__ import annotations

import math

PRIOR = 0.5  # probability of being on the map, before the first window
LEAVE_PER_S = 0.002  # rate of leaving the map, and of returning
MAX_LOG_ODDS = 12.0  # bounds what a window adds to, so that numbers stay finite


class OnMap:
    """The probability of being on the map."""

    def __init__(self, exponent_per_s: float) -> None:
        """Start at `PRIOR`.

        Args:
            exponent_per_s: exponent of one second's likelihood ratio: windows overlap.
        """
        self._exponent_per_s = exponent_per_s
        self.set(PRIOR)

    def set(self, probability: float) -> None:
        """Restart from a probability, between 0 and 1."""
        self.probability = probability

    def update(self, mean_log_ratio: float, counted_s: float) -> None:
        """Add a window.

        Args:
            mean_log_ratio: log of the mean likelihood ratio over the predicted belief.
            counted_s: seconds that the window counts for.
        """
        changed = LEAVE_PER_S * counted_s
        probability = self.probability + changed * (1.0 - 2.0 * self.probability)
        log_odds = math.log(probability / (1.0 - probability)) + self._exponent_per_s * counted_s * mean_log_ratio
        self.probability = 1.0 / (1.0 + math.exp(-max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, log_odds))))
