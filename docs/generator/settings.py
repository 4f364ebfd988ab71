"""The page of settings: what `--set` changes, and what only the code does."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from generator.fields import fields
from generator.markdown import code, page, section, table, value
from mail_ros.core.config import union_of
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.models.renamed import RENAMED
from mail_ros.core.platform.odometry import GaitConfig
from mail_ros.training.run_config import PRESETS, RunConfig

ABOUT = (
    "What `mail_ros train` and `mail_ros benchmark accuracy` take with `--set NAME=VALUE`, as in "
    "`--set kind=matching`, `--set sampling.rate_hz=10` or `--set 'mail.scales_s=[1,5,10]'`. What a model was trained "
    "with is in its card."
)
OLD = "These names work in this release, with a warning. With `features.along=way`, names in seconds meant metres."


def settings_page() -> str:
    """Presets, settings in the order of a run's configuration, settings of the code only, deprecated names."""
    presets = [[code(name), " ".join(map(code, settings))] for name, settings in PRESETS.items()]
    hints = typing.get_type_hints(RunConfig)
    tables = {
        name: [kind for kind in union_of(hint) or (hint,) if dataclasses.is_dataclass(kind)]
        for name, hint in hints.items()
    }
    plain = {name for name, kinds in tables.items() if not kinds}
    return page(
        "Settings",
        ABOUT,
        [
            section("Presets", "What `mail_ros train --preset` begins with.", table(["preset", "sets"], presets)),
            _section("The model", RunConfig, "", plain),
            *(
                _section(f"`{name}`{_which(kind, kinds)}", kind, f"{name}.")
                for name, kinds in tables.items()
                for kind in kinds
            ),
            *(_section(f"In the code only: `{kind.__name__}`", kind, "") for kind in (FilterConfig, GaitConfig)),
            section(
                "Deprecated names", OLD, table(["deprecated", "use"], [[*map(code, pair)] for pair in RENAMED.items()])
            ),
        ],
    )


def _which(kind: Any, kinds: list[Any]) -> str:
    """The name of one of several kinds of a section."""
    return f": `{kind.__name__}`" if len(kinds) > 1 else ""


def _section(title: str, kind: Any, prefix: str, only: set[str] | None = None) -> str:
    rows = [
        [code(prefix + one.name), one.kind, value(one.default), one.allowed, one.comment]
        for one in fields(kind)
        if only is None or one.name in only
    ]
    about = " ".join((kind.__doc__ or "").split())
    return section(title, about, table(["setting", "type", "default", "allowed", "what it is"], rows))
