"""How settings are written, checked and parsed: frozen dataclasses whose annotations carry their ranges and choices.

    class GaitConfig(Settings, prefix="gait."):
        step_m: Annotated[float, Range(0.1, 2.0)] = 0.60

`GaitConfig(step_m=9.0)` raises `ConfigError: gait.step_m: wanted 0.1 to 2, found 9`. What depends on two settings at
once is checked in `__post_init__`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from mail_ros.core.errors import ConfigError

TrackerChoice = Literal["none", "walking", "odometry"]  # each window by itself; tracked without and with odometry
OdometrySource = Literal["wheels", "steps"]  # poses of a robot's odometry; steps of a person, of an inertial unit
TrackerSetting = Literal["auto", "none", "walking", "odometry"]  # auto: the tracker that the model's card names
OdometrySetting = Literal["auto", "wheels", "steps"]  # auto: the source that the model's card names

T = TypeVar("T")

STRIDE_S = 0.1  # default time between two estimates


@dataclass(frozen=True)
class Range:
    """The numbers that a setting accepts, both ends included."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


Fraction = Annotated[float, Range(0.0, 1.0)]


class Settings:
    """Base of frozen dataclasses whose fields are checked against their annotations."""

    _prefix: ClassVar[str] = ""

    def __init_subclass__(cls, prefix: str | None = None) -> None:
        """`prefix` precedes a field's name in error messages; a subclass without one has its base's."""
        if prefix is not None:
            cls._prefix = prefix

    def __post_init__(self) -> None:
        """Refuse, with a ConfigError, a field outside its `Range`, or not one of its Literal's choices."""
        for name, hint in field_hints(typing.cast(Any, type(self))).items():
            _check(f"{self._prefix}{name}", hint, getattr(self, name))


@functools.cache
def field_hints(kind: Any) -> Mapping[str, Any]:
    """Types of a dataclass's fields, with what `Annotated` adds."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(typing.cast(Any, kind))}


def union_of(hint: Any) -> tuple[Any, ...]:
    """The types that a Union joins; empty for another type."""
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else ()


def _check(name: str, hint: Any, value: Any) -> None:
    """Refuse a value that its annotation does not allow: a number, a choice, each item of a tuple, or None."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        _check(name, arguments[0], value)
        for allowed in arguments[1:]:
            if isinstance(allowed, Range):
                check_range(name, value, allowed.low, allowed.high)
    elif origin is Literal:
        check_choice(name, value, hint)
    elif origin is tuple:
        for item in value:
            _check(name, arguments[0], item)
    elif type(None) in arguments and value is not None:
        _check(name, next(one for one in arguments if one is not type(None)), value)


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside [low, high]; NaN is outside."""
    if not low <= value <= high:
        found = f"{value:g}" if abs(value) <= sys.float_info.max else str(value)  # also a whole number beyond floats
        raise ConfigError(name, wanted=str(Range(low, high)), found=found, fix="change the setting")


def check_choice(name: str, value: object, choices: Any) -> None:
    """Refuse a value that is not one of a Literal's."""
    allowed = typing.get_args(choices)
    if value not in allowed:
        raise ConfigError(name, wanted=" or ".join(allowed), found=repr(value), fix="change the setting")


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Values by name, of a command line's settings like `axes=gravity` or `mail.scales_s=[1,2,5]`.

    A value is JSON; text that is not JSON is a word.

    Raises:
        ConfigError: a setting that is not NAME=VALUE.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not (equals and name):
            raise ConfigError(
                setting, wanted="NAME=VALUE or SECTION.NAME=VALUE", found=setting, fix="as in sampling.rate_hz=10"
            )
        try:
            values[name] = json.loads(text)
        except (ValueError, RecursionError):
            values[name] = text
    return values


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values under names like `sampling.rate_hz`, as tables within a table."""
    tables: dict[str, Any] = {}
    for name, value in values.items():
        section, dot, rest = name.partition(".")
        if dot and not isinstance(tables.get(section), dict):
            tables[section] = {}
        (tables[section] if dot else tables)[rest or section] = value
    return tables


def from_dict(kind: type[T], values: Any, path: str = "") -> T:
    """Build a (nested) config dataclass from plain JSON values.

    Raises:
        ConfigError: an unknown key, or a value of another type than the field's; both name the full path.
    """
    if not isinstance(values, dict):
        raise ConfigError(
            path.rstrip(".") or kind.__name__, wanted="a table of settings", found=repr(values), fix="correct it"
        )
    hints = typing.get_type_hints(kind)
    fields = {f.name: f for f in dataclasses.fields(typing.cast(Any, kind))}
    _refuse_unknown(values, fields, path)
    for name, entry in fields.items():
        optional = entry.default is not dataclasses.MISSING or entry.default_factory is not dataclasses.MISSING
        if name not in values and not optional:
            raise ConfigError(f"{path}{name}", wanted="a value", found="none", fix="add it")
    return kind(**{key: _convert(hints[key], value, f"{path}{key}") for key, value in values.items()})


def _refuse_unknown(values: Mapping[str, Any], known: typing.Collection[str], path: str) -> None:
    for key in values:
        if key not in known:
            names = ", ".join(sorted(known))
            raise ConfigError(f"{path}{key}", wanted=f"one of {names}", found=key, fix="correct the name")


def _convert(hint: Any, value: Any, path: str) -> Any:
    """A JSON value as a field of type `hint`; choices (Literal) are checked by their dataclass."""
    if all(map(dataclasses.is_dataclass, kinds := union_of(hint) or (hint,))):
        return from_dict(_kind_with(kinds, value, path), value, f"{path}.")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) <= sys.float_info.max else math.inf if value > 0 else -math.inf
    kind = typing.get_origin(hint) or hint
    if kind is tuple and isinstance(value, (list, tuple)):
        return tuple(_convert(typing.get_args(hint)[0], item, path) for item in value)
    if isinstance(kind, type) and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        raise ConfigError(path, wanted=kind.__name__, found=repr(value), fix="correct the value")
    return value


def _kind_with(kinds: Sequence[type], values: Any, path: str) -> type:
    """The first of some dataclasses that has all fields of a table.

    Raises:
        ConfigError: none has.
    """
    names = {kind: list(field_hints(kind)) for kind in kinds}
    if not isinstance(values, dict):
        return kinds[0]  # which refuses it
    for kind, known in names.items():
        if values.keys() <= set(known):
            return kind
    _refuse_unknown(values, [name for known in names.values() for name in known], f"{path}.")
    wanted = " or ".join(f"some of {', '.join(known)}" for known in names.values())
    raise ConfigError(path, wanted=wanted, found=", ".join(values), fix="leave out those of one kind")
