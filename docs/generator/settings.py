"""The page of settings: what `--set SECTION.NAME=VALUE` changes, and what only the code does."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from generator.fields import fields
from generator.markdown import code, page, section, table, value
from mail_ros.core import config
from mail_ros.core.filter.filter_config import TrackerConfig
from mail_ros.training.run_config import PRESETS, RunConfig

ABOUT = (
    "What `mail_ros train` and `mail_ros benchmark accuracy` take with `--set SECTION.NAME=VALUE`, as in "
    "`--set features.rate_hz=10` or `--set 'window.scales_s=[1,5,10]'`. What a model was trained with is in its card."
)


def settings_page() -> str:
    """Sections in their order in a run's configuration, then what a run does not set."""
    presets = [[code(name), " ".join(map(code, settings)) or "the defaults"] for name, settings in PRESETS.items()]
    sections = {field.name: typing.get_type_hints(RunConfig)[field.name] for field in dataclasses.fields(RunConfig)}
    taken = {*sections.values(), config.MailConfig}
    others = [
        kind
        for kind in (*vars(config).values(), TrackerConfig)
        if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind not in taken
    ]
    return page(
        "Settings",
        ABOUT,
        [
            section("Presets", "What `mail_ros train --preset` begins with.", table(["preset", "sets"], presets)),
            *(_section(f"`{name}`", kind, f"{name}.") for name, kind in sections.items()),
            *(_section(f"In the code only: `{kind.__name__}`", kind, "") for kind in others),
        ],
    )


def _section(title: str, kind: Any, prefix: str) -> str:
    rows = [[code(prefix + one.name), one.kind, value(one.default), one.allowed, one.comment] for one in fields(kind)]
    about = " ".join((kind.__doc__ or "").split())
    return section(title, about, table(["setting", "type", "default", "allowed", "what it is"], rows))
