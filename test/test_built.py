"""sdist and wheel: what pip installs from them is all that the package has, and runs."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from ros import ROOT
from setup_call import LEFT_OUT, setup_call

import mail_ros

BUILDS_WHEELS = find_spec("wheel") or find_spec("setuptools.command.bdist_wheel")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.process,
    pytest.mark.skipif(not BUILDS_WHEELS, reason="needs setuptools 70.1 or newer, or the package wheel"),
]
RELEASE = f"mail_ros-{mail_ros.__version__}"


def run(*words: str | Path, folder: Path, **environment: str) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, env={**os.environ, **environment})
    assert not done.returncode, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in a copy: setuptools writes into the folder that it builds."""
    folder = tmp_path_factory.mktemp("sdist")
    tree = Path(shutil.copytree(ROOT, folder / "tree", ignore=shutil.ignore_patterns(*LEFT_OUT)))
    run(sys.executable, "setup.py", "-q", "sdist", "--dist-dir", folder, folder=tree)
    return folder / f"{RELEASE}.tar.gz"


@pytest.fixture(scope="module")
def wheel(sdist: Path) -> Path:
    """Built from the sdist, as a package index would."""
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir")
    run(sys.executable, "-m", "pip", "wheel", *options, sdist.parent, sdist, folder=sdist.parent)
    return sdist.parent / f"{RELEASE}-py3-none-any.whl"


@pytest.fixture
def setup_arguments(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return setup_call(ROOT, monkeypatch)


def shipped(setup_arguments: dict[str, Any]) -> set[str]:
    """Data files below the prefix of an installation: launch, config, models, node scripts and what ament reads."""
    return {f"{target}/{Path(file).name}" for target, files in setup_arguments["data_files"] for file in files}


def sources() -> set[str]:
    """Files of the package, beside what Python writes."""
    files = (path for path in (ROOT / "mail_ros").rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(ROOT).as_posix() for path in files}


def test_the_sdist_has_all_that_it_is_built_from(sdist: Path, setup_arguments: dict[str, Any]) -> None:
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    files = {file for _, each in setup_arguments["data_files"] for file in each}
    assert files | sources() | {"setup.py", "pyproject.toml", "LICENSE", "README.md"} <= names


def test_the_wheel_has_every_module_every_data_file_and_the_verb(wheel: Path, setup_arguments: dict[str, Any]) -> None:
    data, about = f"{RELEASE}.data/data/", f"{RELEASE}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        metadata = Parser().parsestr(archive.read(f"{about}/METADATA").decode())
        entries = archive.read(f"{about}/entry_points.txt").decode().split()
    assert {name for name in modes if name.startswith("mail_ros/")} == sources()
    assert {name.removeprefix(data) for name in modes if name.startswith(data)} == shipped(setup_arguments)
    assert all(modes[name] & 0o111 for name in modes if name.startswith(f"{data}lib/"))
    assert "".join(entries) == "[console_scripts]mail_ros=mail_ros.cli.entry:main"
    assert metadata["Version"] == mail_ros.__version__
    assert set(metadata.get_all("Provides-Extra", [])) == set(setup_arguments["extras_require"])


def test_what_pip_installs_from_the_wheel_runs(wheel: Path, tmp_path: Path, setup_arguments: dict[str, Any]) -> None:
    """In an environment of its own, with the packages of this one."""
    run(sys.executable, "-m", "venv", "--without-pip", "fresh", folder=tmp_path)
    fresh = tmp_path / "fresh"
    options = ("--quiet", "--no-deps", "--no-index", "--no-compile")
    run(sys.executable, "-m", "pip", "--python", fresh, "install", *options, wheel, folder=tmp_path)
    assert all((fresh / file).is_file() for file in shipped(setup_arguments))
    packages = {"PYTHONPATH": os.pathsep.join(site.getsitepackages())}
    found = run(
        fresh / "bin" / "python", "-c", "import mail_ros; print(mail_ros.__file__)", folder=tmp_path, **packages
    )
    assert Path(found.strip()).is_relative_to(fresh)
    printed = run(fresh / "bin" / "mail_ros", "--version", folder=tmp_path, **packages)
    assert printed == f"mail_ros {mail_ros.__version__}\n"
