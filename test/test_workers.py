"""Processes that work side by side."""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from helpers import synthetic_walk

from mail_ros.data.check.bag_report import check_bag
from mail_ros.data.check.model_needs import judged_for
from mail_ros.evaluation.workers import mapping
from mail_ros.training.run_config import run_config


@pytest.mark.process
def test_workers_end_with_a_benchmark_that_is_killed(tmp_path: Path) -> None:
    """Else they would train on for minutes, unnoticed."""
    script = """
import os, sys, time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from mail_ros.evaluation.workers import context, end_with_parent

if __name__ == "__main__":
    with ProcessPoolExecutor(1, context(), end_with_parent) as pool:
        Path(sys.argv[1]).write_text(str(pool.submit(os.getpid).result()))
        pool.submit(time.sleep, 60.0).result()
"""
    (tmp_path / "script.py").write_text(script)
    parent = subprocess.Popen([sys.executable, tmp_path / "script.py", tmp_path / "worker"])
    try:
        deadline_s = time.monotonic() + 30.0
        while not (tmp_path / "worker").exists() and time.monotonic() < deadline_s:
            time.sleep(0.05)
        time.sleep(0.2)
        worker = Path("/proc") / (tmp_path / "worker").read_text()
        assert runs(worker)
    finally:
        parent.kill()
        parent.wait()
    deadline_s = time.monotonic() + 10.0
    while runs(worker) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not runs(worker)


def runs(process: Path) -> bool:
    """Whether it is there, and not only because its exit was not collected."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.process
def test_bags_are_judged_alike_in_one_process_and_in_several(tmp_path: Path) -> None:
    bags = [synthetic_walk(20.0, 50.0, seed=seed).write(tmp_path / f"walk_{seed}") for seed in (0, 1)]
    judge = partial(judged_for, model=run_config([], "person").model)
    found = []
    for several in (False, True):
        with mapping([check_bag.__module__], several=several) as each:
            found.append([report.as_json() for report in each(judge, each(check_bag, bags))])
    assert found[0] == found[1]
    assert found[0][0]["windows"] > 90
