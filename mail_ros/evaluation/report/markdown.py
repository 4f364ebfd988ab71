"""The tables of a report as Markdown, for documentation that lies beside code: nothing in it is typed by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mail_ros.evaluation.accuracy import relation
from mail_ros.evaluation.metrics import metric_columns, metric_row
from mail_ros.evaluation.report.provenance import facts
from mail_ros.evaluation.report.runs import Floor, StudyTable
from mail_ros.evaluation.study_rows import few, words


def write_markdown(path: Path, floors: Sequence[Floor], studies: Sequence[StudyTable]) -> None:
    """Write all tables of some runs; parent folders are made."""
    parts = ["# Tables", "Written by `mail_ros report`. Errors in m, of moving estimates."]
    for floor in floors:
        parts += [f"## {floor.run}, floor {floor.number}", _facts(floor), _plain(floor), relation(floor.results)]
    for study in studies:
        parts += [f"## {study.run}, {study.name}: {study.title} ({study.source})", _study(study)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(parts) + "\n")


def _facts(floor: Floor) -> str:
    """How it was run, and on how many walks."""
    inputs = floor.results[0].inputs
    walks = f"{len(inputs['train'])} walks to learn from, {len(inputs['test'])} to be judged on"
    return ". ".join([walks, *(f"{name}: {text}" for name, text in facts(floor).items())]) + "."


def _plain(floor: Floor) -> str:
    heads = ["method", *metric_columns(), "ms"]
    rows = [[row.method, *metric_row(row.metrics), f"{row.estimate_ms:.2f}"] for row in floor.results]
    return _table(heads, rows)


def _study(study: StudyTable) -> str:
    return _table(*words([row for group in study.groups for row in few(study.of(group))]))


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    heads = list(heads)
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *rows))
