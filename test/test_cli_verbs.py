"""The command line as one thing: every verb has the same words, an example that runs, JSON and the same exit codes."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from small_site import shell
from verbs import Example, examples, verb_of, verbs
from warm_verbs import run_verb

import mail_ros
from mail_ros.cli import main
from mail_ros.cli.benchmark import MOVED
from mail_ros.cli.main import ExitCode
from mail_ros.cli.options import among
from mail_ros.data.importers import IMPORTERS

VERBS = verbs()
TALKS = {"mail_ros mark"}  # with a person, and has no result
DIFFER = {
    "floor",  # one, or all of a site with their plans
    "out",
    "preset",
    "seed",
    "model",
    "bag",
    "bags",
    "walks",
    "settings",
    "estimates",
    "topic",
    "tracker",
    "quick",
}  # in what they are, made or chosen from
IN_REAL_TIME = {"mail_ros demo"}  # see test_demo.py
OF_BUILDINGS = {
    f"python -m benchmarks {name}" for name in ("field", "hall-field", "halls", "map", "regions", "robots")
}  # whose fields take half a minute each
QUICK = [(name, example) for name, verb in VERBS.items() for example in examples(verb) if not example.takes]
LONG = [(name, example) for name, verb in VERBS.items() for example in examples(verb) if example.takes]


def test_every_verb_has_an_example_that_needs_no_hours() -> None:
    assert {name for name, _ in QUICK} == set(VERBS) - IN_REAL_TIME - OF_BUILDINGS
    assert all(example.command.startswith(name) for name, example in QUICK + LONG)


@pytest.mark.process
@pytest.mark.parametrize(("name", "example"), QUICK, ids=[name for name, _ in QUICK])
def test_every_example_runs_and_has_its_result_as_json(name: str, example: Example, site: Path, tmp_path: Path) -> None:
    pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")
    folder = shutil.copytree(site, tmp_path / "site")
    done = shell(example.command if name in TALKS else f"{example.command} --json", folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert name in TALKS or json.loads(done.stdout)


@pytest.mark.parametrize(("name", "example"), LONG, ids=[name for name, _ in LONG])
def test_every_long_example_has_valid_arguments(name: str, example: Example) -> None:
    VERBS[name].make_context(*verb_of(shlex.split(example.command)))


def test_a_word_means_the_same_in_every_verb() -> None:
    helps: dict[str, set[str]] = defaultdict(set)
    for verb in VERBS.values():
        for parameter in verb.params:
            helps[parameter.name].add(f"{parameter.opts}: {parameter.help}")
    differ = {name: found for name, found in helps.items() if len(found) > 1}
    assert set(differ) == DIFFER, differ


def test_every_verb_that_prints_a_result_prints_it_as_json() -> None:
    lacking = {name for name, verb in VERBS.items() if not any("--json" in one.opts for one in verb.params)}
    assert lacking == TALKS


def test_every_option_has_a_help_text() -> None:
    for name, verb in VERBS.items():
        assert verb.help, name
        for parameter in verb.params:
            assert parameter.help, f"{name} {parameter.name}"
            assert parameter.help.endswith((".", "?")), f"{name} {parameter.name}"


@pytest.mark.process
def test_a_shell_completes_verbs_options_and_words(tmp_path: Path) -> None:
    def complete(*words: str) -> list[str]:
        given = {"COMP_WORDS": " ".join(("mail_ros", *words)), "COMP_CWORD": str(len(words))}
        environment = {**os.environ, "_MAIL_ROS_COMPLETE": "complete_bash", **given}
        command = [sys.executable, "-m", "mail_ros.cli.main"]
        return subprocess.run(command, env=environment, capture_output=True, text=True).stdout.split()

    assert complete("re") == ["repair", "replay", "report"]
    assert complete("evaluate", "--tra") == ["--tracker"]
    assert complete("evaluate", "--tracker", "w") == ["walking"]
    assert complete("import", "") == list(IMPORTERS)


def test_completion_offers_matching_words() -> None:
    assert among("none", "walking")("w") == ["walking"]


def ended(*arguments: object) -> tuple[int, str]:
    """Exit code and stderr of a verb."""
    done = run_verb(*arguments)
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["evaluate"], "mail_ros: Missing argument 'model'; see `mail_ros evaluate --help`\n"),
        (["benchmark", "sped"], "mail_ros: No such command 'sped'"),
        (["train", "bag", "--epochs", "3"], "mail_ros: No such option: --epochs"),
        (["simulate", "--out", "bags", "--walks", "many"], "mail_ros: Invalid value for '--walks': "),
        (["simulate", "--out", "bags", "--walks", "1000"], "mail_ros: Invalid value for '--walks': "),
    ],
)
def test_wrong_usage_is_one_line_that_names_the_help(arguments: list[str], line: str) -> None:
    code, output = ended(*arguments)
    assert code == ExitCode.USAGE
    assert output.lower().startswith(line.lower())  # older typers write an argument in capitals
    assert output.endswith("--help`\n")
    assert output.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("verb", MOVED)
def test_a_verb_that_moved_out_of_the_package_names_the_new_command(verb: str) -> None:
    code, output = ended("benchmark", verb, "bags", "--out", "runs", "--help")
    assert code == ExitCode.FAILED
    assert output == (
        f"mail_ros: mail_ros benchmark {verb}: wanted a verb of the installed package, found one that runs from a "
        f"checkout only; run `python -m benchmarks {verb}` in a checkout of mail_ros\n"
    )
    assert f"python -m benchmarks {verb}" in VERBS


@pytest.mark.slow
def test_a_verb_that_is_gone_names_what_to_use_instead() -> None:
    code, output = ended("export", "models/network.safetensors", "--onnx", "network.onnx")
    assert code == ExitCode.FAILED
    assert output == (
        "mail_ros: mail_ros export: wanted a verb of the installed package, found one that is gone; give the localizer "
        "the .safetensors file of `mail_ros train`: it needs numpy only\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["benchmark"]])
def test_without_a_verb_the_help_is_shown(arguments: list[str]) -> None:
    done = run_verb(*arguments)
    assert done.returncode in (ExitCode.DONE, ExitCode.USAGE)  # before and since click 8.2
    assert done.stderr == ""
    assert "Usage: mail_ros" in done.stdout


@pytest.mark.process
def test_the_version_is_printed() -> None:
    done = subprocess.run([sys.executable, "-m", "mail_ros.cli.main", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"mail_ros {mail_ros.__version__}\n", "")


@pytest.mark.slow
def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, output = ended("simulate", "--out", tmp_path / "file", "--walks", "1")
    assert code == ExitCode.FAILED
    assert output.startswith(f"mail_ros: {tmp_path / 'file'}")
    assert output.endswith("found not a directory; correct that, or name another\n")


@pytest.mark.process
def test_ctrl_c_ends_a_verb_without_a_word(tmp_path: Path) -> None:
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # not in a background job
    script = f"{heed}; from mail_ros.cli.main import main; main()"
    command = [sys.executable, "-c", script, "simulate", "--out", str(tmp_path), "--walks", "100"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        deadline_s = time.monotonic() + 60.0
        while not any(tmp_path.iterdir()):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, output = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, output.strip()) == (ExitCode.INTERRUPTED, "")


def test_an_error_of_our_own_shows_where(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(**_: Any) -> None:
        raise AssertionError("never so")

    monkeypatch.setattr(main, "app", broken)
    assert main.run() == ExitCode.BUG
    assert "Traceback" in capsys.readouterr().err


def test_a_number_that_is_none_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    from mail_ros.cli.console import print_json

    print_json({"mean_m": float("nan"), "rows": ({"of": Path("a")}, 1)})
    assert json.loads(capsys.readouterr().out) == {"mean_m": None, "rows": [{"of": "a"}, 1]}
