"""`mail_ros train`: bags into a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json, progress
from mail_ros.cli.next_step import gathered, say_next, told, words
from mail_ros.cli.options import AsJson, RobotFile, Settings, SiteOption, Topic, Truth, among

if TYPE_CHECKING:  # it brings numpy along
    from mail_ros.core.models.model_file import ModelCard
    from mail_ros.training.run_config import RunConfig
    from mail_ros.training.train import Survey


def train(
    bags: Annotated[list[Path], typer.Argument(help="Survey bags that say where they were, to learn from.")],
    validate: Annotated[
        list[Path], typer.Option(help="Whole walks to choose the best epoch by; repeat for each bag or glob.")
    ],
    out: Annotated[Path, typer.Option(help="The model file to write, as in models/site.safetensors.")],
    run: Annotated[Path | None, typer.Option(help="Folder of the run's record; default: runs/NAME of --out.")] = None,
    site_file: SiteOption = None,
    preset: Annotated[
        str,
        typer.Option(
            help="Settings to begin with: person, with a phone, or robot, on wheels; --set changes them.",
            autocompletion=among("person", "robot"),
        ),
    ] = "person",
    settings: Settings = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --run.")] = False,
    device: Annotated[str, typer.Option(help="cpu, or cuda: one GPU for each process.")] = "cpu",
    topic: Topic = "/imu/mag",
    truth: Truth = "",
    robot: RobotFile = None,
    as_json: AsJson = False,
) -> None:
    """Train MAIL on whole walks and write one model file with its card.

    Example: `mail_ros train bags/monday_* --validate 'bags/tuesday_*' --out models/site.safetensors --set
    kind=matching`

    Example, some minutes: `mail_ros train bags/monday_* --validate 'bags/tuesday_*' --out models/network.safetensors`

    On several processes: `torchrun --standalone --nproc-per-node 2 -m -- mail_ros.cli.main train ...`
    """
    from mail_ros.core.platform.robot_file import read_robot
    from mail_ros.data.site_file import read_site
    from mail_ros.training.run_config import run_config
    from mail_ros.training.train import Survey

    config = run_config(settings or [], preset)
    carrier, place = None if robot is None else read_robot(robot), read_site(site_file) if site_file else None
    survey = Survey(bags, expand(validate), topic, truth, carrier, place)
    folder = run or Path("runs") / out.stem
    card = _fit(config, survey, out, folder, device, resume=resume)
    if card is None:
        return
    _print(card, out, folder, as_json=as_json)
    tracker = "odometry" if config.model.needs_odometry else "walking"
    carried = (f"tracker:={tracker}", *(() if robot is None else (f"robot_file:={robot.resolve()}",)))
    say_next(
        words("ros2", "launch", "mail_ros", "mail.launch.py", f"model:={out.resolve()}", *carried),
        f"mail_ros evaluate {words(out)} {gathered(survey.validate)} "
        + words("--tracker", tracker, *told(topic, truth, robot)),
    )


def _fit(config: RunConfig, survey: Survey, out: Path, folder: Path, device: str, *, resume: bool) -> ModelCard | None:
    """The model's card, with a bar meanwhile; None in processes that do not lead."""
    import torch

    from mail_ros.training.distribution import joined
    from mail_ros.training.loop import Progress
    from mail_ros.training.train import train as fit

    # The network's matrices are small: threads that wait for a busy core cost more than they bring.
    torch.set_num_threads(max(1, torch.get_num_threads() // 2))
    with joined(device) as processes, progress("training", shown=processes.leads) as bar:
        task = bar.add_task("reading walks", total=None)

        def report(now: Progress) -> None:
            state = f"epoch {now.epoch + 1}  loss {now.loss:.3f}  validation {now.validation_m:.2f} m"
            bar.update(task, completed=now.step, total=now.steps, description=f"{state}  best {now.best_m:.2f} m")

        card = fit(config, survey, out, folder, resume=resume, report=report, processes=processes)
        return card if processes.leads else None


def _print(card: ModelCard, out: Path, folder: Path, *, as_json: bool) -> None:
    metrics, best = card.metrics, card.training.get("best_epoch")
    epoch = "" if best is None else f" (epoch {best + 1})"
    console.print(
        f"{metrics['of']}: {metrics['windows']:,} windows, mean {metrics['mean_m']:.2f} m, "
        f"median {metrics['median_m']:.2f} m, p90 {metrics['p90_m']:.2f} m{epoch}"
    )
    console.print(f"model: {out}   run: {folder}")
    if as_json:
        print_json({"model": out, "run": folder, "validation": metrics, "best_epoch": best})


def expand(patterns: list[Path]) -> list[Path]:
    """Paths, and patterns that the shell left alone because an option takes one value."""
    found: list[Path] = []
    for pattern in patterns:
        matches = (
            []
            if pattern.exists()
            else sorted(Path(pattern.anchor or ".").glob(str(pattern.relative_to(pattern.anchor))))
        )
        found += matches or [pattern]
    return found
