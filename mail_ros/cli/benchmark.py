"""`mail_ros benchmark`: MAIL and baselines, measured in one run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, counting, print_json, print_table
from mail_ros.cli.options import AsJson, Settings, among, retire
from mail_ros.cli.train import expand
from mail_ros.core.errors import ConfigError

if TYPE_CHECKING:
    from mail_ros.evaluation.cells import Cell, CellResult
    from mail_ros.evaluation.protocol import Split
    from mail_ros.evaluation.study_table import StudyTable

benchmark = typer.Typer(no_args_is_help=True, help="Measure MAIL and baselines in one run.")
# Now verbs of `python -m benchmarks`, which is not installed.
MOVED = ("speed", "soak", "recorder", "field", "robots", "map")

BASE = ["sampling.rate_hz=10"]  # the paper's 50 Hz costs five times as much and is one --set away
QUICK = ["training.epochs=4", "training.stride_s=1"]
STUDIES = (
    "length, scales, loss, attention, speed, tracker, uncertainty, offset, matching, training, area, device, time, "
    "anomalies, or all; commas between"
)
STRIDE_S, QUICK_STRIDE_S = 0.2, 1.0

for _verb in MOVED:
    fix = f"run `python -m benchmarks {_verb}` in a checkout of mail_ros"
    retire(benchmark, _verb, found="one that runs from a checkout only", fix=fix)


@benchmark.command()
def accuracy(
    data: Annotated[Path | None, typer.Option(help="Folder of labelled bags, split by --protocol.")] = None,
    protocol: Annotated[
        str, typer.Option(help="last-round or cross-device.", autocompletion=among("last-round", "cross-device"))
    ] = "last-round",
    train: Annotated[list[Path] | None, typer.Option(help="Instead: bags or globs for training.")] = None,
    test: Annotated[list[Path] | None, typer.Option(help="Instead: bags or globs for testing.")] = None,
    methods: Annotated[
        str, typer.Option(help="Names with commas between; default: all. chance and knn are always among them.")
    ] = "",
    out: Annotated[Path, typer.Option(help="Folder of the results; finished parts in it are reused.")] = Path(
        "runs/accuracy"
    ),
    study: Annotated[list[str] | None, typer.Option(help=f"Also run a study: {STUDIES}.")] = None,
    settings: Settings = None,
    quick: Annotated[bool, typer.Option("--quick", help="Short training, few estimates, to test the setup.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train every method on some walks, test it on others, and print one table per floor.

    Studies add the paper's other experiments, each with a table per floor; shared models are trained once.
    Sites (figures 11 to 13) are the plain run's floors. Users and energy cannot be repeated with recorded walks:
    the processor time per estimate of the study `time` stands in for energy.

    Example: `mail_ros benchmark accuracy --data bags --methods matching --out runs/accuracy`

    Example, some hours: `mail_ros benchmark accuracy --data bags --out runs/all --study all`
    """
    from mail_ros.evaluation.accuracy import GUESSES, Bench, check_methods, results, settled, write_results
    from mail_ros.evaluation.methods import COMPARED, applicable
    from mail_ros.evaluation.studies import chosen, write_study
    from mail_ros.training.run_config import run_config

    config = run_config([*BASE, *(QUICK if quick else []), *(settings or [])])
    names = [name.strip() for name in methods.split(",")] if methods else []
    studies = chosen(study or [])
    parts = _split(data, protocol, train, test)
    usable = applicable([walk.track for walk in (*parts.train, *parts.test)])
    check_methods(names or usable, COMPARED)
    bench = Bench(parts, config, QUICK_STRIDE_S if quick else STRIDE_S, out, settled(config))
    cells = bench.cells(list(dict.fromkeys((*GUESSES, *(names or usable)))))
    parts_of = {each.name: each.parts(bench, each.methods(names, usable)) for each in studies}
    impossible = [name for name, found in parts_of.items() if not found]
    studies = [each for each in studies if parts_of[each.name]]
    _compute([*cells, *(part.cell for found in parts_of.values() for part in found)])
    rows = results(cells)
    write_results(out, rows)
    tables = [write_study(out, each, parts_of[each.name]) for each in studies]
    _print(cells, rows)
    for table in tables:
        _print_study(table)
    if not methods and len(usable) < len(COMPARED):
        console.print(
            f"left out, since walks have no odometry or attitude: {', '.join(sorted(set(COMPARED) - set(usable)))}"
        )
    if impossible:
        console.print(f"left out, since walks name no second route or floor: {', '.join(impossible)}")
    console.print(f"results: {out / 'accuracy.csv'}   {out / 'accuracy.json'}   estimates: {out / 'cells'}")
    if studies:
        console.print(f"studies: {out / 'studies'}")
    if as_json:
        print_json(_all_rows(rows, tables))


def _split(data: Path | None, protocol: str, train: Sequence[Path] | None, test: Sequence[Path] | None) -> Split:
    from mail_ros.data.bag_files import is_bag_file
    from mail_ros.evaluation.protocol import Split, read_walks, split

    if train and test and data is None:
        return Split(read_walks(expand(list(train))), read_walks(expand(list(test))))
    if data is None or train or test:
        raise ConfigError(
            "walks",
            wanted="--data with --protocol, or --train with --test",
            found="both" if data else "neither",
            fix="give one of the two",
        )
    bags = sorted(folder for folder in data.glob("*") if any(map(is_bag_file, folder.glob("*"))))
    if not bags:
        raise ConfigError(data, wanted="a folder of bags", found="no bag in it", fix="import or record some")
    return split(read_walks(bags), protocol)


def _compute(cells: Sequence[Cell]) -> None:
    from mail_ros.evaluation.accuracy import merge, run

    with counting("benchmark") as report:
        run(merge(cells), report)


def _all_rows(results: Sequence[CellResult], tables: Sequence[StudyTable]) -> list[dict[str, object]]:
    """One list of rows; rows of a study name it."""
    plain = [dataclasses.asdict(result) for result in results]
    return [*plain, *({"study": table.name} | row for table in tables for row in table.rows)]


def _print_study(table: StudyTable) -> None:
    """One table per floor."""
    from mail_ros.evaluation.study_table import few, words

    for floor in table.groups:
        title = f"{table.name} ({table.source}), floor {floor}: {table.title}"
        of_floor = few(table.of(floor))
        heads, lines = words(of_floor, without="floor")
        values = [value for column, value in of_floor[0].items() if column != "floor"]
        print_table(title, heads, lines, [number for number, value in enumerate(values) if isinstance(value, str)])
        console.print()


def _print(cells: Sequence[Cell], results: Sequence[CellResult]) -> None:
    from mail_ros.evaluation.accuracy import errors_table, not_worth_line, relation

    for floor in sorted({result.floor for result in results}):
        rows = [result for result in results if result.floor == floor]
        walks = next(cell for cell in cells if cell.floor == floor)
        title = f"floor {floor}: {len(walks.train)} walks for training, {len(walks.test)} for testing; errors in m"
        print_table(title, *errors_table(rows))
        console.print("\n".join(filter(None, (relation(rows), not_worth_line(rows)))) + "\n")
