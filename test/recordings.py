"""What is in a .rrd file, as plain Python; needs rerun-sdk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from rerun.chunk import RrdReader


def rows(path: Path, entity: str, *, static: bool = False) -> list[dict[str, Any]]:
    """The rows of an entity, those at stamps or those at all times; `stamp` is in ns."""
    return [
        row
        for part in RrdReader(path).stream().to_chunks()
        if part.entity_path == f"/{entity}" and part.is_static == static
        for row in _plain(part.to_record_batch())
    ]


def entities(path: Path) -> set[str]:
    """All that something was drawn of."""
    return {part.entity_path.lstrip("/") for part in RrdReader(path).stream().to_chunks()} - {"__properties"}


def views(path: Path) -> set[str]:
    """The names of the views in the layout."""
    reader = RrdReader(path)
    (blueprint,) = reader.blueprints()
    parts = reader.stream(store=blueprint).to_chunks()
    found = (row.get("ViewBlueprint:display_name") for part in parts for row in _plain(part.to_record_batch()))
    return {name for names in found for name in names or ()}


def _plain(batch: Any) -> list[dict[str, Any]]:
    """Rows; times as whole numbers, since Python has no nanoseconds."""
    columns = {
        name: (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
