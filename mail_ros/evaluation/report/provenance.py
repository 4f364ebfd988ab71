"""How a run was made: everything that one needs to repeat it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from html import escape
from typing import Any

from mail_ros.evaluation.report.runs import Floor
from mail_ros.training.run_config import RunConfig


def facts(floor: Floor) -> dict[str, str]:
    """Version, seed, settings and times."""
    inputs = floor.results[0].inputs
    config = floor.config
    return {
        "version": f"mail_ros {inputs['mail_ros']}",
        "seed": str(config["training"]["seed"]) if "training" in config else "none: nothing is drawn by lot",
        "an estimate every": f"{inputs['stride_s']:g} s",
        "settings": " ".join(differences(config)) or "the defaults",
        "processor time to fit": ", ".join(f"{row.method} {_duration(row.fit_s)}" for row in floor.results),
        "column ms": "processor time per estimate",
    }


def how(floor: Floor) -> str:
    """The facts as a list of definitions, and the bags."""
    inputs = floor.results[0].inputs
    listed = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts(floor).items())
    return f"<dl>{listed}</dl>" + "".join(
        f"<details><summary>{len(inputs[part])} walks {purpose}, with SHA-256</summary>{_bags(inputs[part])}</details>"
        for part, purpose in (("train", "to learn from"), ("test", "to be judged on"))
    )


def differences(config: Mapping[str, Any]) -> list[str]:
    """What differs from the defaults, as one would give it to the command line."""
    defaults, found = _flat(json.loads(json.dumps(dataclasses.asdict(RunConfig())))), _flat(config)
    return [
        f"--set {name}={json.dumps(value, separators=(',', ':')) if isinstance(value, list) else value}"
        for name, value in found.items()
        if defaults.get(name) != value
    ]


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Values under names like `sampling.rate_hz`, of tables within a table."""
    tables = {name: table if isinstance(table, dict) else {"": table} for name, table in config.items()}
    return {f"{name}.{key}".rstrip("."): value for name, table in tables.items() for key, value in table.items()}


def _bags(bags: list[Mapping[str, str]]) -> str:
    lines = [escape(f"{bag['sha256'][:16]}  {bag['bag']}") for bag in bags]
    return f"<code>{'<br>'.join(lines)}</code>"


def _duration(seconds: float) -> str:
    return f"{seconds / 60.0:.1f} min" if seconds >= 60.0 else f"{seconds:.1f} s"
