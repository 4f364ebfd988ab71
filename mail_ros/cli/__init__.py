"""The verbs of `mail_ros`; `main` turns every error into one line and an exit code."""

import os

# Matrices are small: threads of numpy wait for each other longer than they compute. It reads this once, at its import.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
