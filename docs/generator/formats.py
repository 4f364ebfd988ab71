"""The page of file formats: every dataclass with a field `format`, which is stored in a file."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import typing
from collections.abc import Iterator
from typing import Any

import mail_ros.core
import mail_ros.data
from generator.fields import fields
from generator.markdown import code, page, section, table, value
from mail_ros.data import bag, bag_metadata, route, truth
from mail_ros.nodes.recorder_parameters import LABELS

ABOUT = "Content of the files that this package writes and reads. Older versions: [formats](../formats.md)."
BAG_TOPICS = (
    ("the field", bag.FIELD_TOPIC),
    ("a person's steps and heading", bag.IMU_TOPIC),
    ("odometry", bag.ODOMETRY_TOPIC),
    ("landmarks", truth.LANDMARK_TOPIC),
    ("marks of a planned route", truth.WAYPOINT_EVENT_TOPIC),
    ("points clicked in RViz", truth.CLICK_TOPIC),
    ("poses of another localizer", truth.REFERENCE_TOPIC),
)


def formats_page() -> str:
    """JSON files, then bags."""
    return page("File formats", ABOUT, [*(_json(kind) for kind in kept_kinds()), _bag()])


def kept_kinds() -> list[Any]:
    """Dataclasses with a field `format`."""
    found = {kind: None for package in (mail_ros.core, mail_ros.data) for kind in _dataclasses(package)}
    return [kind for kind in found if "format" in {field.name for field in dataclasses.fields(kind)}]


def _dataclasses(package: Any) -> Iterator[Any]:
    for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(one.name)
        for kind in vars(module).values():
            if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__:
                yield kind


def _json(kind: Any) -> str:
    hints = typing.get_type_hints(kind)
    rows = [
        [
            code(one.name),
            "[settings](settings.md)" if dataclasses.is_dataclass(hints[one.name]) else one.kind,
            value(one.default) if one.default != {} else "",
            one.comment,
        ]
        for one in fields(kind)
    ]
    title = f"`{kind.__name__}`, format `{next(one.default for one in fields(kind) if one.name == 'format')}`"
    return section(title, kind.__doc__.strip(), table(["field", "type", "default", "what it is"], rows))


def _bag() -> str:
    topics = table(["what", "topic"], [[what, code(topic)] for what, topic in BAG_TOPICS])
    notes = ", ".join(code(name) for name in ("site", *LABELS, route.NOTE))
    return section(
        f"Bags: rosbag2, MCAP, metadata version `{bag_metadata.VERSION}`",
        "A folder with `metadata.yaml` and one or more `.mcap` files, as `ros2 bag` writes and reads it. "
        "By default the verbs look at these topics:",
        topics,
        f"Notes among `custom_data`, all of them text and none needed: {notes}.",
    )
