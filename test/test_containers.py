"""Containerfiles: what they copy, install and start exists. The workflow builds them."""

from __future__ import annotations

import re
import shlex
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from ros import ROOT
from ruamel.yaml import YAML
from setup_call import requirement_names, setup_call
from verbs import verb_of, verbs

PURPOSES = ["localizer", "training"]
PAGE = (ROOT / "docs" / "install.md").read_text()


def instructions(purpose: str) -> list[tuple[str, str]]:
    """Name and arguments of each instruction; lines that go on are one."""
    text = (ROOT / "containers" / f"{purpose}.Containerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def arguments(purpose: str, name: str) -> list[str]:
    """Arguments of all instructions of one name."""
    return [rest for each, rest in instructions(purpose) if each == name]


def installed(purpose: str) -> list[str]:
    """Requirements of its `pip install` line; options and their values are left out."""
    (words,) = (
        shlex.split(part)
        for run in arguments(purpose, "RUN")
        for part in run.split("&&")
        if part.strip().startswith("pip install")
    )
    words = [word for word in words if word != "--no-cache-dir"][1:]  # the one option without a value
    return [word for before, word in pairwise(words) if not before.startswith("--") and not word.startswith("--")]


def copy_into(folder: Path, purpose: str) -> None:
    """Copy as the COPY instructions do, into what they call src/mail_ros or the working folder."""
    for rest in arguments(purpose, "COPY"):
        *sources, target = rest.split()
        place = folder / target.removeprefix("src/mail_ros/")
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, place)


def ci() -> dict[str, Any]:
    """Jobs of the workflow."""
    jobs: dict[str, Any] = YAML(typ="safe").load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    return jobs


@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_is_copied_is_all_that_setup_py_ships(
    purpose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_into(tmp_path, purpose)
    there = setup_call(tmp_path, monkeypatch)
    assert there == setup_call(ROOT, monkeypatch)
    assert all((tmp_path / file).is_file() for _, files in there["data_files"] for file in files)


def test_the_localizer_installs_what_rosdep_has_no_key_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(installed("localizer")) == requirement_names(setup_call(ROOT, monkeypatch)["install_requires"]) - {
        "numpy"
    }
    (rosdep,) = (run for run in arguments("localizer", "RUN") if "rosdep install" in run)
    assert "--dependency-types exec" in rosdep


def test_the_training_installs_an_extra_with_the_versions_of_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    (requirement,) = (word for word in installed("training") if word.startswith("."))
    assert requirement.strip(".[]") in setup_call(ROOT, monkeypatch)["extras_require"]
    assert any("--constraint constraints.txt" in run for run in arguments("training", "RUN"))
    (script,) = setup_call(ROOT, monkeypatch)["entry_points"]["console_scripts"]
    assert arguments("training", "ENTRYPOINT") == [f'["{script.partition(" = ")[0]}"]']


def test_the_base_images_are_ones_that_the_workflow_tests() -> None:
    jobs = ci()
    (distribution,) = (rest for rest in arguments("localizer", "ARG") if rest.startswith("ROS_DISTRO="))
    assert distribution.partition("=")[2] in jobs["ros"]["strategy"]["matrix"]["distro"]
    assert arguments("localizer", "FROM") == ["docker.io/library/ros:${ROS_DISTRO}-ros-base"]
    ((image,),) = (re.findall(r"/python:(\d\.\d+)-slim$", rest) for rest in arguments("training", "FROM"))
    assert image in jobs["bare"]["strategy"]["matrix"]["python"]


def test_the_workflow_builds_each() -> None:
    files = {path.name for path in (ROOT / "containers").iterdir()}
    assert files == {f"{purpose}.Containerfile" for purpose in PURPOSES}
    job = ci()["containers"]
    assert job["strategy"]["matrix"]["purpose"] == PURPOSES
    assert any(
        "docker build --file containers/${{ matrix.purpose }}.Containerfile" in step.get("run", "")
        for step in job["steps"]
    )


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_page_builds_it_and_passes_it_arguments_that_it_has(purpose: str) -> None:
    assert f"podman build --file containers/{purpose}.Containerfile --tag mail_ros_{purpose} ." in PAGE
    (line,) = re.findall(rf"^podman run .* mail_ros_{purpose} (.*)$", PAGE, re.MULTILINE)
    if purpose == "training":
        verb, words = verb_of(["mail_ros", *shlex.split(line)])
        verbs()[verb].make_context(verb, words)
    else:
        (entry,) = arguments(purpose, "ENTRYPOINT")
        (launched,) = re.findall(r"ros2 launch mail_ros (\S+)", entry)
        declared = re.findall(r'DeclareLaunchArgument\("(\w+)"', (ROOT / "launch" / launched).read_text())
        assert {word.partition(":=")[0] for word in shlex.split(line)} <= set(declared)
