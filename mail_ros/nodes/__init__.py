"""The only place that imports rclpy. A node translates and decides nothing."""

import os

# Matrices are small: threads of numpy wait for each other longer than they compute. It reads this once, at its import.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
