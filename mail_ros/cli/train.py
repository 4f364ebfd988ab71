"""`mail_ros train`: from bags to a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json, print_metrics, progress
from mail_ros.cli.next_step import bag_arguments, bag_options, print_next, quoted, reading_options
from mail_ros.cli.options import (
    AsJson,
    Imu,
    Joints,
    Namespace,
    Odom,
    RobotFile,
    Settings,
    SiteOption,
    Topic,
    Truth,
    among,
)

if TYPE_CHECKING:  # imports numpy
    from mail_ros.core.errors import ModelError
    from mail_ros.core.models.model_file import ModelCard
    from mail_ros.evaluation.metrics import Metrics
    from mail_ros.training.loop import Progress
    from mail_ros.training.run_config import RunConfig
    from mail_ros.training.survey_bags import Survey


def train(
    bags: Annotated[list[Path], typer.Argument(help="Labelled survey bags for training.")],
    out: Annotated[Path, typer.Option(help="The model file to write, as in models/site.safetensors.")],
    validate: Annotated[
        list[Path] | None,
        typer.Option(
            help="Whole walks to validate on; repeat for each bag or glob. Default: a network holds out the latest "
            "walk of each route, and matching trains on all walks."
        ),
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Folder of the run's record; default: runs/NAME of --out.")] = None,
    site_file: SiteOption = None,
    preset: Annotated[
        str,
        typer.Option(
            help="Initial settings: person, with a phone; robot, on wheels; area, anywhere between the lanes of a "
            "survey, with odometry; mail, the network with a heat map; "
            "paper, the network of the paper; auto: area where all bags have odometry and their lanes cover open "
            "floor, else robot where all have wheel odometry, else person. --set changes them.",
            autocompletion=among("auto", "person", "robot", "area", "mail", "paper"),
        ),
    ] = "auto",
    settings: Settings = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --run.")] = False,
    device: Annotated[str, typer.Option(help="cpu, or cuda: one GPU for each process.")] = "cpu",
    topic: Topic = "/imu/mag",
    truth: Truth = "",
    odom: Odom = "",
    imu: Imu = "",
    joints: Joints = "",
    namespace: Namespace = "",
    robot: RobotFile = None,
    as_json: AsJson = False,
) -> None:
    """Train a model on whole walks and write one model file with its card.

    Without settings, preset and tracker follow from what the bags hold; one line names them with the reason. Held-out
    walks judge the model, against two guesses: the middle of the site, and 1-NN, the survey's nearest window. The exit
    code is 1 if it is not worth launching; its file is written all the same.

    Example: `mail_ros train bags/monday_* bags/tuesday_* --out models/site.safetensors`

    Example, some minutes: `mail_ros train bags/monday_* bags/tuesday_* --out models/network.safetensors --preset mail`

    On several processes: `torchrun --standalone --nproc-per-node 2 -m -- mail_ros.cli.main train ...`
    """
    from mail_ros.core.platform.robot_file import read_robot
    from mail_ros.data.bag_topics import BagTopics
    from mail_ros.data.site_file import read_site
    from mail_ros.training.survey_bags import Survey

    platform = None if robot is None else read_robot(robot)
    known_site = read_site(site_file) if site_file else None
    topics = BagTopics(topic, truth, odom, imu, joints, namespace)
    survey = Survey(bags, expand(validate) if validate else None, topics, platform, known_site)
    folder = run or Path("runs") / out.stem
    trained = _fit(survey, preset, settings or [], out, folder, device, resume=resume)
    if trained is None:
        return
    card, survey = trained
    rows, reason = _judge(out, card, survey)
    _print(card, rows, reason, out, folder, as_json=as_json)
    arguments = () if robot is None else (f"robot_file:={robot.resolve()}",)
    launch = quoted("ros2", "launch", "mail_ros", "mail.launch.py", f"model:={out.resolve()}", *arguments)
    print_next(*([] if reason else [launch]), _evaluation(out, card, survey, reading_options(topics, robot)))
    if reason:
        raise reason


def _evaluation(out: Path, card: ModelCard, survey: Survey, options: Sequence[str]) -> str:
    """The command that evaluates the model; a file of matching holds its survey."""
    walks = bag_arguments(survey.validate) if survey.validate else "BAGS"
    known = () if card.config.kind == "matching" else (bag_options("--survey", survey.train),)
    return " ".join(filter(None, ("mail_ros evaluate", quoted(out), walks, *known, quoted(*options))))


def _judge(out: Path, card: ModelCard, survey: Survey) -> tuple[dict[str, Metrics], ModelError | None]:
    """Errors on the held-out walks, if there are any, those of two guesses, and the reason against the model.

    Without such walks the reason is by the parts of the survey that were left out for the calibration.
    """
    from mail_ros.core.localizer.compose import resolve_tracking
    from mail_ros.core.models.model_file import load_model
    from mail_ros.evaluation.estimates import errors
    from mail_ros.evaluation.held_out import follow_walks, nearest_window
    from mail_ros.training.comparison import survey_reason

    model, tracker = load_model(out).model, resolve_tracking(card).tracker
    walks = []
    for walk in survey.tracks(survey.validate or ()):
        if tracker == "odometry" and walk.lacks:
            console.print(f"{walk.source} lacks {walk.lacks}: the model is not judged by it", markup=False)
        else:
            walks.append(walk)
    if not walks:
        return {}, survey_reason(out, card.held_out.get(tracker))
    with progress("held-out walks") as bar:
        nearest = nearest_window(out, card.config, survey.tracks(survey.train))
        held = follow_walks(model, nearest, bar.track(walks, description=""), tracker)
    if not held.scored:
        return {}, None
    guesses = held.guesses(model.head)
    return {f"tracker {tracker}": errors(held.moving), **guesses}, held.not_worth_launching(out, guesses)


def _fit(
    survey: Survey, preset: str, settings: list[str], out: Path, folder: Path, device: str, *, resume: bool
) -> tuple[ModelCard, Survey] | None:
    """The model's card and the survey as it was split, with a bar meanwhile; None in processes that do not lead."""
    from mail_ros.training.choose import AUTO, chosen_preset, reason
    from mail_ros.training.distribution import joined
    from mail_ros.training.run_config import run_config
    from mail_ros.training.train import train as fit

    with joined(device) as processes, progress("training", shown=processes.leads) as bar:
        task = bar.add_task("reading walks", total=None)

        def report(now: Progress) -> None:
            state = f"epoch {now.epoch + 1}  loss {now.loss:.3f}"
            if parts.validate:
                state += f"  validation {now.validation_m:.2f} m  best {now.best_m:.2f} m"
            bar.update(task, completed=now.step, total=now.steps, description=state)

        if preset != AUTO:
            run_config(settings, preset)  # refuses invalid settings before bags are read
        tracks = processes.attempt(lambda: survey.tracks(survey.train))
        name = chosen_preset(preset, tracks).preset
        config = run_config(settings, name)
        parts = processes.attempt(lambda: survey.split(needs_validation=config.needs_validation))
        if processes.leads:
            console.print(reason(name, config, tracks), markup=False)
            console.print(_validation_words(config, survey, parts), markup=False)
        if config.kind == "mail":
            import torch

            # The network's matrices are small: threads that wait for a busy core cost more than they gain.
            torch.set_num_threads(max(1, torch.get_num_threads() // 2))
        bar.update(task, description="fitting, and leaving walks out")
        card = fit(config, parts, out, folder, resume=resume, report=report, processes=processes)
        return (card, parts) if processes.leads else None


def _validation_words(config: RunConfig, given: Survey, parts: Survey) -> str:
    """Which walks a run validates on, and why."""
    if given.validate is not None:
        purpose = "left out" if config.kind == "field_map" else "validation"
        return f"{purpose}: {bag_arguments(given.validate)}"
    if not parts.validate:
        learns = f"{config.model.title} learns from walks as they are"
        kept = "the last epoch is kept" if config.kind == "mail" else learns
        judged = "--validate names walks to judge the model by"
        return f"no validation: {kept}, so all {len(parts.train)} bags train; {judged}"
    return f"validation: the latest walk of each route, {bag_arguments(parts.validate)}; --validate names others"


def _print(
    card: ModelCard, rows: Mapping[str, Metrics], reason: ModelError | None, out: Path, folder: Path, *, as_json: bool
) -> None:
    from mail_ros.core.localizer.compose import resolve_tracking
    from mail_ros.training.comparison import calibration_words

    metrics, best = card.metrics, card.training.get("best_epoch")
    epoch = "" if best is None else f" (epoch {best + 1})"
    if metrics:
        console.print(
            f"{metrics['of']}: {metrics['windows']:,} windows, mean {metrics['mean_m']:.2f} m, "
            f"median {metrics['median_m']:.2f} m, p90 {metrics['p90_m']:.2f} m{epoch}"
        )
    if rows:
        print_metrics("the held-out walks, moving", rows)
    if held := card.held_out.get(resolve_tracking(card).tracker):
        console.print(calibration_words(held), markup=False)
    for area in card.training.get("area", ()):
        console.print(
            f"floor {area['floor']}: {area['known_m2']['2']:.0f} of {area['area_m2']:.0f} m² are known to 2 µT"
        )
    console.print(f"model: {out}   run: {folder}")
    if as_json:
        tracking = {"tracker": card.tracker, "odometry": card.odometry, "area": card.training.get("area", [])}
        judged = {name: dataclasses.asdict(row) for name, row in rows.items()}
        worth = {"held_out": judged, "worth_launching": reason is None if rows else None, "calibration": card.held_out}
        print_json({"model": out, "run": folder, "validation": metrics, "best_epoch": best, **tracking, **worth})


def expand(patterns: list[Path]) -> list[Path]:
    """Paths, and matches of patterns, which the shell does not expand for an option with one value."""
    found: list[Path] = []
    for pattern in patterns:
        matches = (
            []
            if pattern.exists()
            else sorted(Path(pattern.anchor or ".").glob(str(pattern.relative_to(pattern.anchor))))
        )
        found += matches or [pattern]
    return found
