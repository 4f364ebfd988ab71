"""`mail_ros site init`, and the way from it to a model: each command names the next, and that one runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from helpers import START_NS, synthetic_walk
from PIL import Image
from shared_walks import LOGS, needs_logs
from small_site import shell
from test_cli import mail_ros

from mail_ros.core.models.model_file import load_model
from mail_ros.data.bag import Bag
from mail_ros.data.site_file import read_site

PLAN = "image: {}.png\nresolution: 0.1\norigin: [-8, -8, 0]\nnegate: 0\noccupied_thresh: 0.65\nfree_thresh: 0.25\n"

DIGITS = re.compile(r"\d+\.\d+|(?<=  )\d[\d,]*(?=  |$)")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with two plans of 16 by 16 metres."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plans").mkdir()
    for name in ("ground", "cellar"):
        (tmp_path / "plans" / f"{name}.yaml").write_text(PLAN.format(name))
        Image.fromarray(np.full((160, 160), 254, np.uint8)).save(tmp_path / "plans" / f"{name}.png")
    return tmp_path


def run_shell(command: str) -> list[str]:
    """The lines that a command prints in a shell, with this Python's mail_ros."""
    assert command.startswith("mail_ros ")
    done = shell(command, Path())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def next_of(lines: list[str]) -> str:
    (line,) = [line for line in lines if line.startswith("next: ")]
    return line.removeprefix("next: ")


def write_csv(path: Path, seed: int) -> None:
    """A walk of 40 s around a circle, as plain CSV."""
    walk = synthetic_walk(40.0, 50.0, seed=seed)
    place = {mark.stamp_ns: f"{mark.position_m[0]},{mark.position_m[1]},{mark.floor}" for mark in walk.landmarks}
    rows = [
        f"{(stamp_ns - START_NS) / 1e9 + 1000 * seed:.9f},{x},{y},{z},{place.get(stamp_ns, ',,')}"
        for stamp_ns, (x, y, z) in zip(walk.stamp_ns.tolist(), walk.field_ut.tolist(), strict=True)
    ]
    path.write_text("\n".join(["time_s,mag_x_ut,mag_y_ut,mag_z_ut,x_m,y_m,floor", *rows]))


@pytest.mark.slow
@pytest.mark.process
def test_four_commands_lead_to_a_model_and_each_names_the_next(here: Path) -> None:
    for seed in range(3):
        write_csv(here / f"walk_{seed}.csv", seed)
    init = "mail_ros site init 'old mill' --floor 0=plans/ground.yaml --floor -2 --map-frame mill --out site.yaml"
    printed = run_shell(init)
    assert printed == [
        "floor -2: no plan",
        "floor 0: plan of x -8.0 to 8.0 m, y -8.0 to 8.0 m",
        "site: site.yaml",
        "next: ros2 launch mail_ros record.launch.py site_file:=site.yaml",
        "  or: mail_ros import KIND FILES... --site-file site.yaml --out bags",
    ]
    printed = run_shell(printed[-1].removeprefix("  or: ").replace("KIND FILES...", "csv walk_*.csv"))
    assert next_of(printed) == "mail_ros check bags/* --site-file site.yaml --coverage coverage"
    assert Bag(here / "bags" / "walk_0").notes()["site"] == "old mill"
    printed = run_shell(next_of(printed))
    assert "old mill, floor -2: not walked" in printed
    assert next_of(printed) == "walk the missing paths of old mill, and check again"
    train = printed[-1].removeprefix("  or: ")
    assert train == (
        "mail_ros train bags/walk_0 bags/walk_1 --validate bags/walk_2 --site-file site.yaml "
        "--out models/old_mill.safetensors"
    )
    assert {path.name for path in (here / "coverage").iterdir()} == {"old_mill.png"}
    printed = run_shell(train)
    model = here / "models" / "old_mill.safetensors"
    assert next_of(printed) == f"ros2 launch mail_ros mail.launch.py model:={model}"
    assert load_model(model)[1].map_frame == "mill"
    assert any("all, moving" in line for line in run_shell(printed[-1].removeprefix("  or: ")))


@pytest.mark.slow
def test_a_walk_on_a_floor_that_the_site_does_not_have_is_not_imported(here: Path) -> None:
    write_csv(here / "walk.csv", 0)
    mail_ros("site", "init", "mill", "--floor", "1")
    error = mail_ros("import", "csv", "walk.csv", "--site-file", "mill.yaml", "--out", "bags", code=1)
    assert error.startswith("mail_ros: walk.csv: wanted a walk at mill, found floor 0, which mill.yaml does not have; ")
    assert not (here / "bags").exists()


@pytest.mark.slow
@pytest.mark.process
@needs_logs
def test_the_page_on_the_first_site_shows_what_is_printed(here: Path) -> None:
    """All of its commands, one after the other, on the same walks; errors may differ in their digits elsewhere."""
    page = (Path(__file__).resolve().parent.parent / "docs" / "first_site.md").read_text()
    (here / "logs").symlink_to(LOGS)
    blocks = [block.splitlines() for block in re.findall(r"^```text\n(\$ .*?)^```$", page, re.MULTILINE | re.DOTALL)]
    assert len(blocks) == 5
    for command, *shown in blocks:
        printed = [line.rstrip().replace(str(here), "/home/you") for line in run_shell(command.removeprefix("$ "))]
        assert [DIGITS.sub("#", line) for line in printed] == [DIGITS.sub("#", line) for line in shown]


@pytest.mark.slow
def test_a_walk_of_another_site_is_neither_usable_nor_trained_on(here: Path) -> None:
    walks = [
        synthetic_walk(40.0, 50.0, floor=floor, seed=seed).write(here / f"walk{seed}")
        for seed, floor in enumerate((0, 1, 0))
    ]
    mail_ros("site", "init", "mill", "--out", "sub/mill.yaml")
    error = mail_ros("check", *walks, "--site-file", "sub/mill.yaml", code=1)
    assert "walk1: wanted usable bags, found site; record them again" in error
    error = mail_ros("train", *walks[:2], "--validate", walks[2], "--site-file", "sub/mill.yaml", "--out", "m", code=1)
    assert error == (
        "mail_ros: walk1: wanted a walk at mill, found floor 1, which sub/mill.yaml does not have; "
        "add the floor there, or correct the frame of the landmarks or poses\n"
    )
    assert not (here / "m").exists()


@pytest.mark.slow
def test_plans_are_found_from_the_folder_of_the_site_file(here: Path) -> None:
    mail_ros("site", "init", "mill", "--floor", "0=plans/ground.yaml", "--origin", "49.46,11.1", "--out", "sub/m.yaml")
    site = read_site(here / "sub" / "m.yaml")
    assert site.plans[0].samefile(here / "plans" / "ground.yaml")
    assert site.origin == (49.46, 11.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a/b"], "a/b.yaml, site: wanted a name without /, found 'a/b'; correct it"),
        (["m", "--floor", "ground"], "--floor: wanted FLOOR or FLOOR=PLAN.yaml, found ground; as in --floor 0=plans/"),
        (["m", "--floor", "0", "--floor", "0"], "--floor: wanted each floor once, found 0 0; leave one out"),
        (["m", "--floor", "0=none.yaml"], "none.yaml: wanted a floor plan as map_server's YAML, found No such file"),
        (["m", "--floor", "0=plans/ground.png"], "ground.png: wanted a floor plan as map_server's YAML, found other b"),
        (["m", "--origin", "here"], "--origin: wanted latitude and longitude in degrees, found 'here'; as in 49.4611"),
        (["m", "--map-frame", "my map"], "m.yaml, map_frame: wanted a name without blanks, found 'my map'"),
    ],
)
def test_what_cannot_be_a_site_is_refused_and_leaves_nothing(here: Path, arguments: list[str], message: str) -> None:
    error = mail_ros("site", "init", *arguments, code=1)
    assert error.startswith("mail_ros: ")
    assert message in error
    assert error.count("\n") == 1
    assert {path.name for path in here.iterdir()} == {"plans"}


@pytest.mark.slow
def test_a_site_file_is_never_overwritten(here: Path) -> None:
    mail_ros("site", "init", "mill")
    assert "mill.yaml: wanted a name that is free, found a file" in mail_ros("site", "init", "mill", code=1)
