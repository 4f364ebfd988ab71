"""The page of commands: every verb with its arguments, options and examples, and the exit codes."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from typer.models import ArgumentInfo, OptionInfo

from generator.fields import type_name
from generator.markdown import code, page, section, table, value
from mail_ros.cli.main import ExitCode, app

ABOUT = (
    "`mail_ros --version` prints the version, and `mail_ros VERB --help` the same as this page; "
    "`mail_ros --install-completion` sets up completion in bash, zsh, fish or PowerShell."
)


def commands_page() -> str:
    """Verbs in the order of `mail_ros --help`."""
    codes = table(["code", "means"], [[code(int(one)), one.meaning] for one in ExitCode])
    return page(
        "Commands",
        ABOUT,
        [section("Exit codes", codes), *(_verb(words, callback) for words, callback in _verbs(app, "mail_ros"))],
    )


def _verbs(of: Any, before: str) -> Iterator[tuple[str, Callable[..., None]]]:
    for command in (command for command in of.registered_commands if not command.hidden):
        yield f"{before} {command.name or command.callback.__name__}", command.callback
    for group in of.registered_groups:
        yield from _verbs(group.typer_instance, f"{before} {group.name}")


def _verb(words: str, callback: Callable[..., None]) -> str:
    hints = typing.get_type_hints(callback, include_extras=True)
    defaults = {name: parameter.default for name, parameter in inspect.signature(callback).parameters.items()}
    usage, arguments, options = words, [], []
    for name, default in defaults.items():
        kind, info = typing.get_args(hints[name])[:2]
        needed = default is inspect.Parameter.empty
        about = [_type(kind), "needed" if needed else _value(default), str(info.help)]
        if isinstance(info, ArgumentInfo):
            usage += f" {name.upper()}{'...' if typing.get_origin(kind) is list else ''}"
            arguments.append([code(name.upper()), *about])
        else:
            usage += f" {_option(name, kind, info)} {type_name(kind).upper()}" if needed else ""
            options.append([code(_option(name, kind, info)), *about])
    rows = table(["argument or option", "type", "default", "what it is"], arguments + options)
    return section(f"`{words}`", code(f"{usage} [OPTIONS]"), inspect.cleandoc(callback.__doc__ or ""), rows)


def _option(name: str, kind: Any, info: OptionInfo) -> str:
    written = [word for word in map(str, (info.default, *(info.param_decls or ()))) if word.startswith("-")]
    flag = f"--{name.replace('_', '-')}"
    return " ".join(written) or (f"{flag}/--no{flag[1:]}" if kind is bool else flag)


def _type(kind: Any) -> str:
    return "flag" if kind is bool else type_name(kind)


def _value(default: Any) -> str:
    return "" if default is False else value(str(default) if isinstance(default, Path) else default)
