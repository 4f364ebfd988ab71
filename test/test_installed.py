"""What docs/install.md says of pip, in a fresh home and environment: what a robot and a recorder need is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ros import ROOT
from setup_call import LEFT_OUT

pytestmark = [pytest.mark.docs, pytest.mark.slow]
LOCALIZE = """
import sys
from pathlib import Path
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.model_file import load_model
model, card, _ = load_model(Path("models/demo.safetensors"))
compose(model, "odometry", 0.1)
assert not {"torch", "scipy", "rosbags", "typer"} & set(sys.modules)
print("floors", *card.floors)
"""
RECORD = "import mail_ros.data.bag_writer, mail_ros.data.bag_repair, mail_ros.data.site_file"


class Stranger:
    """A home with an environment of its own, and this package's folder."""

    def __init__(self, home: Path) -> None:
        self.folder = Path(shutil.copytree(ROOT, home / "mail_ros", ignore=shutil.ignore_patterns(*LEFT_OUT)))
        hidden = ("PYTHONPATH", "AMENT_PREFIX_PATH", "VIRTUAL_ENV", "PYTHONHOME")
        self.environment = {name: value for name, value in os.environ.items() if name not in hidden}
        self.environment |= {"HOME": str(home), "PATH": f"{home / 'env' / 'bin'}:{os.environ['PATH']}"}
        self.run(sys.executable, "-m", "venv", str(home / "env"))

    def run(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(words, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr


def row(purpose: str) -> list[str]:
    """The command in the page's table that is for something."""
    page = (ROOT / "docs" / "install.md").read_text()
    (command,) = re.findall(rf"^\| `(pip install [^`]+)` \| {purpose}:", page, re.MULTILINE)
    return [word.strip("'") for word in str(command).split()]


def test_a_robot_localizes_and_records_with_what_the_page_installs(tmp_path: Path) -> None:
    stranger = Stranger(tmp_path)
    stranger.run(*row("localizing"), "--quiet", "--no-compile")
    assert stranger.run("python", "-c", LOCALIZE).startswith("floors ")
    refused = stranger.run("mail_ros", "check", "bag", code=1)
    assert refused.count("\n") == 1
    assert "pip install typer, or all of the extra tools: see docs/install.md" in refused
    stranger.run(*row("recording"), "--quiet", "--no-compile")
    stranger.run("python", "-c", RECORD)
