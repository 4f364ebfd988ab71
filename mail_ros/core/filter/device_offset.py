"""The constant field that a device reads beside the survey's: iron in a robot's body, or another calibration.

It is as large as the Earth's field at times, and hides how high the field of a place is. Where a window and the belief
agree on the place, the window's best match tells it; taken off, what is left is as good as the survey's own device.
"""

from __future__ import annotations

import numpy as np

from mail_ros.core.signal.resampling import FloatArray

AT_FIRST_S = 1.0  # so long must windows agree before they count in full


class DeviceOffset:
    """A mean that forgets."""

    def __init__(self, mean_s: float) -> None:
        """Know nothing; average over `mean_s`."""
        self.mean_s = mean_s
        self.reset()

    def reset(self) -> None:
        """As a device that reads what the survey's read."""
        self.field_ut = np.zeros(3)
        self._heard_s = 0.0

    def hear(self, rest_ut: FloatArray, heard_s: float) -> None:
        """Take what a window, without `field_ut`, still reads too much (3,) µT, and how long it counts."""
        self._heard_s = float(np.exp(-heard_s / self.mean_s)) * self._heard_s + heard_s
        self.field_ut = self.field_ut + rest_ut * min(1.0, heard_s / max(self._heard_s, AT_FIRST_S))
