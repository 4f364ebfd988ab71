"""The 36 real walks of the IPIN 2023 competition, where they are at hand; they are not part of this package.

Tests that need them skip elsewhere. Set MAIL_ROS_IPIN_LOGS to the folder of the logs to run them.
"""

import os
from pathlib import Path

import pytest

LOGS = Path(os.environ.get("MAIL_ROS_IPIN_LOGS", Path(__file__).parents[2] / "shared" / "data" / "ipin2023"))

needs_logs = pytest.mark.skipif(
    not any(LOGS.glob("*.txt.gz")), reason=f"no IPIN 2023 logs in {LOGS}: set MAIL_ROS_IPIN_LOGS to their folder"
)
