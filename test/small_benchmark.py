"""A benchmark that is computed in this process: a tenth of the time that the verb takes to start its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mail_ros.evaluation.accuracy import Bench, results, settled, write_results
from mail_ros.evaluation.cells import compute_cell
from mail_ros.evaluation.protocol import Split
from mail_ros.training.run_config import run_config


def benchmarked(parts: Split, methods: Sequence[str], out: Path, *settings: str) -> Path:
    """Its folder, with all that the verb writes."""
    config = run_config(["sampling.rate_hz=10", "mail.hidden=8", "training.epochs=1", *settings])
    cells = Bench(parts, config, 1.0, out, settled(config)).cells(methods)
    for cell in cells:
        compute_cell(cell)
    write_results(out, results(cells))
    return out
