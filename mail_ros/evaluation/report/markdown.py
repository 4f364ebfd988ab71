"""The tables of a report as Markdown, for documentation that lies beside code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mail_ros.evaluation.accuracy import errors_table, relation
from mail_ros.evaluation.report.runs import Floor
from mail_ros.evaluation.study_table import StudyTable, few, words


def write_markdown(path: Path, floors: Sequence[Floor], studies: Sequence[StudyTable]) -> None:
    """Write all tables of some runs; parent folders are created."""
    parts = ["# Tables", "Written by `mail_ros report`. Errors in m, of moving estimates."]
    for floor in floors:
        facts = ". ".join([f"{floor.walk_counts}", *(f"{name}: {text}" for name, text in floor.facts().items())])
        (_, *heads), lines = errors_table(floor.results)
        table = _table(["method", *heads], lines)
        parts += [f"## {floor.run}, floor {floor.number}", f"{facts}.", table, relation(floor.results)]
    for study in studies:
        rows = [row for group in study.groups for row in few(study.of(group))]
        parts += [f"## {study.run}, {study.name}: {study.title} ({study.source})", _table(*words(rows))]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(parts) + "\n")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *rows))
