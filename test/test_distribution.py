"""Training on several processes: the same model as one, one record of the run, and no process waits for a dead one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers import synthetic_walk
from safetensors.numpy import load_file

from mail_ros.core.errors import ConfigError
from mail_ros.training.distribution import Processes, joined
from mail_ros.training.loop import Progress
from mail_ros.training.run_config import run_config
from mail_ros.training.survey_bags import Survey
from mail_ros.training.train import train

SETTINGS = [
    "kind=mail",
    "sampling.rate_hz=20",
    "mail.lag_s=0.2",
    "sampling.length_s=2",
    "mail.scales_s=[0.5,2]",
    "mail.hidden=8",
    "training.batch=51",  # neither two processes divide it, nor does it the windows
    "training.epochs=3",
    "training.stride_s=0.1",
]


def torchrun(*arguments: object, code: int = 0) -> str:
    """Run something in two processes, as `torchrun` does; its output."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    bags = [synthetic_walk(30.0, 50.0, seed=seed).write(tmp_path / f"walk{seed}") for seed in range(3)]
    return Survey(bags[:2], bags[2:])


@pytest.mark.process
def test_two_processes_train_the_model_of_one_and_resume_what_one_began(survey: Survey, tmp_path: Path) -> None:
    def interrupt(now: Progress) -> None:
        if now.epoch == 1:
            raise KeyboardInterrupt

    def alone(name: str, report: Callable[[Progress], None]) -> None:
        out, run = tmp_path / f"{name}.safetensors", tmp_path / name
        train(run_config(SETTINGS), survey, out, run, resume=False, report=report)

    alone("one", lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        alone("resumed", interrupt)
    settings = [f"--set={setting}" for setting in SETTINGS]
    for name, resume in (("two", []), ("resumed", ["--resume"])):
        out = tmp_path / f"{name}.safetensors"
        bags = [*survey.train, "--validate", *(survey.validate or ())]
        verb = ["train", *bags, "--out", out, "--run", tmp_path / name, *settings, *resume]
        printed = torchrun("-m", "--", "mail_ros.cli.main", *verb, code=1)  # three epochs: not worth launching
        assert printed.count("model: ") == 1

    one, log = load_file(tmp_path / "one.safetensors"), metrics(tmp_path / "one")
    for name in ("two", "resumed"):
        weights = load_file(tmp_path / f"{name}.safetensors")
        assert weights.keys() == one.keys()
        assert max(float(np.abs(weights[key] - one[key]).max()) for key in one) < 1e-5
        assert sorted(file.name for file in (tmp_path / name).iterdir()) == sorted(
            file.name for file in (tmp_path / "one").iterdir()
        )
        for ours, theirs in zip(metrics(tmp_path / name), log, strict=True):
            assert ours == pytest.approx(theirs, abs=1e-4)


def metrics(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


SCRIPT = """
from pathlib import Path
from mail_ros.core.errors import MailError
from mail_ros.training.distribution import joined
from mail_ros.training.run_folder import RunFolder

with joined() as processes:
    def read():
        if processes.rank == 1:
            raise MailError("walk7", wanted="a bag", found="nothing", fix="copy it here")

    def opened():
        RunFolder(Path("run"), processes).open({"bags": {"hash": processes.rank}}, resume=False)

    def refused():
        RunFolder(Path("run"), processes).open({}, resume=False)

    for action in (read, opened, refused):
        try:
            processes.attempt(action) if action is read else action()
        except MailError as error:
            Path(f"{action.__name__}{processes.rank}.txt").write_text(str(error))
"""


@pytest.mark.process
def test_an_error_of_one_process_is_that_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("script.py").write_text(SCRIPT)
    torchrun("--", "script.py")
    texts = {file.stem: file.read_text() for file in tmp_path.glob("*.txt")}
    assert texts["read0"] == texts["read1"] == "walk7: wanted a bag, found nothing; copy it here"
    assert "process 1: bags.hash: wanted 0 as on process 0, found 1" in texts["opened0"]
    assert "wanted a folder without a run, found a run" in texts["refused1"]
    assert len(texts) == 6


@pytest.mark.parametrize("size", [0, 1, 5, 51])
def test_every_row_belongs_to_one_process(size: int) -> None:
    parts = [Processes(rank, 3).rows(size) for rank in range(3)]
    assert [row for part in parts for row in range(size)[part]] == list(range(size))
    assert max(part.stop - part.start for part in parts) <= size // 3 + 1


def test_without_torchrun_a_process_is_alone() -> None:
    with joined() as processes:
        assert (processes.rank, processes.count, processes.leads) == (0, 1, True)
    with pytest.raises(ConfigError, match="device: wanted cpu, or cuda where torch has it, found tpu"), joined("tpu"):
        pass
