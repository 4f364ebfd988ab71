"""The command line: every verb does its work, prints where the result is, and ends errors in one line."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from calibration_drives import MOTOR, TILTED, each_and_both, forth_and_back, made_up, spins
from helpers import START_NS, synthetic_walk, tiny_config, tiny_model
from shared_walks import LOGS, needs_logs
from small_site import wheels_of
from warm_verbs import run_verb

from mail_ros.core.models.model_file import load_model
from mail_ros.core.platform.robot_file import read_robot
from mail_ros.data.bag import read_track
from mail_ros.data.importers import IMPORTERS
from mail_ros.data.walk_writer import write_walk

MAIL = ["--preset", "mail"]
QUICK = [
    f"--set={setting}"
    for setting in (
        "sampling.rate_hz=20",
        "mail.lag_s=0.2",
        "sampling.length_s=2",
        "mail.scales_s=[0.5,2]",
        "mail.hidden=8",
        "training.epochs=2",
    )
]


def mail_ros(*arguments: object, code: int = 0) -> str:
    """Run a verb as a user does; its output, stderr for errors."""
    done = run_verb(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout


@pytest.mark.slow
def test_train_then_evaluate(tmp_path: Path) -> None:
    for seed in range(3):
        synthetic_walk(30.0, 50.0, seed=seed).write(tmp_path / f"walk{seed}")
    model, run, walk0, walk1 = (tmp_path / name for name in ("site.safetensors", "run", "walk0", "walk1"))
    train = ["train", walk0, walk1, "--validate", tmp_path / "walk[2]", "--out", model, "--run", run, *MAIL, *QUICK]
    done = run_verb(*train)
    assert done.returncode == 1, "two epochs"
    assert f"mail_ros: {model} is not worth launching: wanted a median error below 2." in done.stderr
    output = done.stdout.splitlines()
    assert output[0].startswith(
        "preset mail: the network with a heatmap head at 20 Hz; no bag has odometry or steps, so"
    )
    assert output[1] == f"validation: {walk1.parent}/walk2"
    assert "single windows of the validation walks" in output[2]
    assert [line.split("  ")[0].strip() for line in output[5:8]] == ["tracker walking", "middle of the site", "1-NN"]
    assert output[-2] == f"model: {model}   run: {run}"
    evaluate = f"mail_ros evaluate {model} {tmp_path}/walk2 --survey {walk0} --survey {walk1}"
    assert output[-1] == f"next: {evaluate}"
    printed = mail_ros(*evaluate.split()[1:])
    assert "nan" not in printed
    assert f"\n{model} is not worth launching: wanted" in printed
    assert re.search(r"^ 1-NN +2\d ", printed, re.MULTILINE), "one a second"
    assert {p.name for p in run.iterdir()} >= {"config.json", "metrics.jsonl", "model.safetensors"}
    assert [bag["bag"] for bag in load_model(model)[1].training["bags"]["validate"]] == ["walk2"]

    estimates = tmp_path / "estimates.csv"
    table = mail_ros("evaluate", model, tmp_path / "walk2", "--estimates", estimates)
    assert "1-NN is not known: --survey names" in table
    assert table.splitlines()[-1] == f"estimates: {estimates}"
    rows = json.loads(mail_ros("evaluate", model, tmp_path / "walk2", "--json"))
    with estimates.open() as file:
        assert rows["all, moving"]["estimates"] == sum(1 for _ in csv.DictReader(file)) > 200
    assert 50 < rows["all, moving, from 20 s"]["estimates"] < 110
    assert rows["middle of the site"]["median_m"] == pytest.approx(5.0, abs=0.5)
    assert (rows["worth_launching"], set(rows["status"])) == (False, {"all, moving", "all, moving, from 20 s"})

    assert "add --resume" in mail_ros(*train, code=1)
    assert run_verb(*train, "--resume").stdout.splitlines() == output


@pytest.mark.slow
def test_a_model_that_needs_odometry_is_followed_by_odometry(tmp_path: Path) -> None:
    """The next commands that `train` names use the odometry that the model needs anyway, and work as they stand."""
    for seed in range(2):
        walk = synthetic_walk(30.0, 50.0, seed=seed)
        write_walk(tmp_path / f"walk{seed}", walk.stamp_ns, walk.field_ut, walk.landmarks, before=wheels_of(walk))
    model, walk0, walk1 = (tmp_path / name for name in ("site.safetensors", "walk0", "walk1"))
    train = ("train", walk0, "--validate", walk1, "--out", model, "--run", tmp_path / "run")
    chosen, *_, nearest, _, _, launch, evaluate = mail_ros(*train).splitlines()
    assert chosen.startswith("preset robot: matching at 10 per m, gravity-aligned; 1 of 1 bags have wheel odometry on")
    assert launch == f"next: ros2 launch mail_ros mail.launch.py model:={model}"
    assert evaluate == f"  or: mail_ros evaluate {model} {walk1}"
    rows = json.loads(mail_ros(*evaluate.partition("mail_ros ")[2].split(), "--json"))
    assert rows["all, moving"]["median_m"] < 1.0
    assert rows["worth_launching"]
    assert f"{rows['1-NN']['median_m']:.2f}" == nearest.split()[3]

    bare = synthetic_walk(30.0, 50.0, seed=2).write(tmp_path / "bare")
    out, run = tmp_path / "other", tmp_path / "other_run"
    printed = mail_ros("train", walk0, "--validate", bare, "--preset", "person", "--out", out, "--run", run)
    assert "bare lacks odometry: the model is not judged by it" in printed
    assert f"next: ros2 launch mail_ros mail.launch.py model:={out}" in printed


@pytest.mark.slow
def test_a_network_holds_out_the_latest_walk_and_prints_which(tmp_path: Path) -> None:
    for seed in range(2):
        synthetic_walk(20.0, 50.0, start_ns=START_NS + seed * 100_000_000_000, seed=seed).write(
            tmp_path / f"walk{seed}"
        )
    bags, out, run = sorted(tmp_path.iterdir()), tmp_path / "m", tmp_path / "run"
    output = run_verb("train", *bags, "--out", out, "--run", run, *MAIL, *QUICK).stdout.splitlines()
    assert output[1] == f"validation: the latest walk of each route, {bags[1]}; --validate names others"
    assert output[-1].endswith(f"mail_ros evaluate {out} {bags[1]} --survey {bags[0]}")


@pytest.mark.slow
def test_errors_are_one_line_with_the_fix(tmp_path: Path) -> None:
    bag, model = synthetic_walk().write(tmp_path / "walk"), tiny_model(tmp_path / "model.safetensors")
    unlabelled = synthetic_walk()._replace(landmarks=()).write(tmp_path / "unlabelled")
    (tmp_path / "notes.mcap").write_text("dear diary")
    cut = synthetic_walk(1.0).write(tmp_path / "short")
    for arguments, message in [
        (["evaluate", tmp_path / "none", bag], "wanted a model file, found nothing"),
        (["evaluate", model, tmp_path / "none"], "wanted a bag, found nothing"),
        (["evaluate", model, tmp_path / "notes.mcap"], "wanted an MCAP file"),
        (["evaluate", model, bag, "--topic", "/mag"], "wanted messages on /mag"),
        (["evaluate", model, unlabelled, cut], "wanted a labelled walk longer than the window of 2 s"),
        (["evaluate", model, bag, "--stride-s", "0"], "stride_s: wanted 0.02 to 3600, found 0"),
        (["import", "ipin", tmp_path / "notes.mcap", "--out", tmp_path / "bags"], "wanted MAGN lines"),
        (
            ["import", "gps", bag, "--out", tmp_path],
            "importer: wanted ipin or uji or magpie or microsoft or csv or",
        ),
        (
            ["import", "ipin", bag, "--out", tmp_path, "--site-file", tmp_path / "no.yaml"],
            "no.yaml: wanted a site file, fou",
        ),
        (
            ["evaluate", model, bag, "--robot", tmp_path / "notes.mcap"],
            "wanted a robot file of mail_ros.robot/1, found",
        ),
        (["train", bag, "--validate", bag, "--out", model, "--set", "x.y=1"], "x: wanted one of augment, axes"),
    ]:
        error = mail_ros(*arguments, code=1)
        assert message in error
        assert error.startswith("mail_ros: ")
        assert error.count("\n") == 1


@pytest.mark.slow
def test_a_cut_off_bag_is_evaluated_up_to_its_end(tmp_path: Path) -> None:
    bag, model = synthetic_walk(20.0).write(tmp_path / "walk"), tiny_model(tmp_path / "m", tiny_config())
    file = next(bag.glob("*.mcap"))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    done = run_verb("evaluate", model, bag, "--json")
    assert done.returncode == 0
    samples = len(read_track(bag))
    assert done.stderr == f"{bag} was cut off while it was recorded: using the {samples} samples before its end\n"
    rows = json.loads(done.stdout)
    assert 30 < rows["all, moving"]["estimates"] < 100


@pytest.mark.slow
def test_a_cut_off_bag_is_repaired_and_a_whole_one_left_alone(tmp_path: Path) -> None:
    whole, cut = synthetic_walk(2.0).write(tmp_path / "whole"), synthetic_walk(20.0).write(tmp_path / "cut")
    file = next(cut.glob("*.mcap"))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    (tmp_path / "notes.mcap").write_text("dear diary")
    assert "notes.mcap: wanted an MCAP file" in mail_ros("repair", tmp_path / "notes.mcap", whole, cut, code=1)
    samples = len(read_track(cut))
    assert 500 < samples < 1500
    assert mail_ros("repair", whole, cut).splitlines() == [f"{bag} is whole: nothing to do" for bag in (whole, cut)]


@pytest.mark.slow
def test_a_calibration_drive_becomes_a_robot_file(tmp_path: Path) -> None:
    robot, whole = tmp_path / "robot.json", np.concatenate([forth_and_back((0.3, 0.9)), spins()])
    output = mail_ros("calibrate", made_up(whole).write(tmp_path / "drive"), "--out", robot)
    assert "velocity:left_wheel_joint" in output
    assert "hard iron: 12." in output or "hard iron: 11.9" in output
    assert output.splitlines()[-1] == (
        f"robot: {robot}   next: mail_ros train BAGS --out site.safetensors --robot {robot}"
    )
    assert read_robot(robot).motor.inputs == MOTOR.inputs
    straight = made_up(forth_and_back((0.3, 0.9))).write(tmp_path / "straight", tf=False)
    output = mail_ros("calibrate", straight, "--out", robot)
    assert "are collinear: each gets half of the field" in output
    assert "hard iron: unchanged" in output
    assert any(read_robot(robot).hard_iron_ut), "of the first drive"
    assert read_robot(robot).mount_xyzw == TILTED, "likewise"
    lifted = made_up(each_and_both(), lifted=True).write(tmp_path / "lifted", odometry=False)
    assert "add --lifted" in mail_ros("calibrate", lifted, "--out", robot, code=1)
    assert "from --mount" in mail_ros("calibrate", lifted, "--out", robot, "--lifted", "--mount", "0,0,90")
    assert "wanted x,y,z,w or roll" in mail_ros("calibrate", lifted, "--out", robot, "--mount", "up", code=1)


@pytest.mark.slow
def test_verbs_that_read_bags_accept_a_robot_file(tmp_path: Path) -> None:
    bag, robot = synthetic_walk(40.0).write(tmp_path / "walk"), tmp_path / "robot.json"
    robot.write_text('{"hard_iron_ut": [0, 0, 60]}')
    again = synthetic_walk(40.0, seed=1).write(tmp_path / "again")
    bare, freed = (json.loads(mail_ros("check", bag, again, "--json", *more)) for more in ((), ("--robot", robot)))
    assert freed["bags"][0]["field_ut"] > bare["bags"][0]["field_ut"] + 40.0
    robot.write_text("{}")
    model = tiny_model(tmp_path / "model.safetensors")
    same, other = (json.loads(mail_ros("evaluate", model, bag, "--json", *more)) for more in ((), ("--robot", robot)))
    assert same == other
    robot.write_text('{"mount_xyzw": [1, 0, 0, 0]}')
    assert json.loads(mail_ros("evaluate", model, bag, "--json", "--robot", robot)) != same


@pytest.mark.slow
def test_one_bad_log_does_not_stop_the_others(tmp_path: Path) -> None:
    good = tmp_path / "good.txt"
    good.write_text("MAGN;0.05;1.00;1;2;3;0\nMAGN;0.07;1.02;1;2;3;0\n")
    (tmp_path / "bad.txt").write_text("nothing here")
    error = mail_ros("import", "ipin", tmp_path / "bad.txt", good, "--out", tmp_path / "bags", code=1)
    assert "bad.txt: wanted MAGN lines" in error
    assert [p.name for p in (tmp_path / "bags").iterdir()] == ["good"]


@pytest.mark.slow
def test_help_of_import_lists_every_kind() -> None:
    help_text = " ".join(mail_ros("import", "--help").replace("│", " ").split())
    assert all(f"{kind} (" in help_text for kind in IMPORTERS)


@pytest.mark.slow
def test_check_judges_bags_and_draws_what_they_cover(tmp_path: Path) -> None:
    mail_ros("simulate", "--out", tmp_path, "--walks", "2")
    output = mail_ros("check", *sorted(tmp_path.glob("walk_*")), "--coverage", tmp_path / "coverage")
    assert "2 of 2 bags are usable" in output
    assert "all of it walked both ways" in output
    assert "demo, preset person: not all bags have wheel odometry; the walks follow single lines" in output
    assert "demo, floor 0: chance, the middle of its walks, errs by " in output
    assert output.splitlines()[-1].startswith(
        f"next: mail_ros train {tmp_path}/walk_00 --validate {tmp_path}/walk_01 --out"
    )
    assert sorted(path.name for path in (tmp_path / "coverage").iterdir()) == ["demo.png"]


@pytest.mark.slow
def test_check_fails_for_an_unusable_bag_with_the_reason(tmp_path: Path) -> None:
    good = synthetic_walk(40.0).write(tmp_path / "good")
    gauss = synthetic_walk(40.0)._replace(field_ut=synthetic_walk(40.0).field_ut * 1e4).write(tmp_path / "gauss")
    done = run_verb("check", good, gauss, tmp_path / "none", "--json")
    assert done.returncode == 1
    assert done.stderr == (
        "mail_ros: gauss, none: wanted usable bags, found units, unreadable; record them again, or leave them out\n"
    )
    bags = {bag["bag"]: bag for bag in json.loads(done.stdout)["bags"]}
    assert [bag["usable"] for bag in bags.values()] == [True, False, False]
    assert bags["gauss"]["findings"][0]["name"] == "units"
    assert bags["good"]["windows"] > 100
    assert json.loads(done.stdout)["sites"][0]["floors"][0]["once_m"] >= 0
    alone = run_verb("check", good, good, "--no-area")
    assert alone.returncode == 1
    assert "--area and --no-area are deprecated: use --preset person" in alone.stderr
    assert alone.stderr.endswith(
        "mail_ros: site: wanted a survey to train on, found a single pass: nothing can be held out to validate on; "
        "walk every route once more\n"
    )
    assert run_verb("check", good, "--preset", "mial").stderr.startswith("mail_ros: --preset: wanted auto or person or")


@pytest.mark.slow
@needs_logs
def test_the_commands_of_the_readme_run_on_real_walks(tmp_path: Path) -> None:
    """Import, train and evaluate as the README has it, cut down to one route and one epoch."""
    logs = sorted(LOGS.glob("*Trial01_repetition0?.txt.gz"))
    mail_ros("import", "ipin", *logs, "--out", tmp_path / "bags")
    bags = sorted((tmp_path / "bags").iterdir())
    settings = [*MAIL, "--set=training.epochs=1"]
    model, run = tmp_path / "museum.safetensors", tmp_path / "run"
    mail_ros("train", *bags[:2], "--validate", bags[2], "--out", model, "--run", run, *settings)
    rows = json.loads(mail_ros("evaluate", model, bags[2], "--json"))
    assert rows["all, moving"]["estimates"] > 500
    assert rows["all, paused"]["estimates"] > 200
