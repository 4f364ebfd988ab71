"""Parameters of the nodes: defaults and descriptions are here, and nowhere else.

A launch file or a YAML file holds only what differs.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node

from mail_ros.core.config import STRIDE_S, OdometrySetting, Range, Settings, TrackerSetting, from_dict
from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.compose import Tracking

T = TypeVar("T")
RENAMED = {"max_robots": "most", "platform": "carrier"}  # current to former name, which works for one release


def described(default: Any, description: str) -> Any:
    """A field of a parameter dataclass; `ros2 param describe` shows the description."""
    return dataclasses.field(default=default, metadata={"description": description})


@dataclass(frozen=True)
class ModelParameters(Settings, prefix="parameter "):
    """Parameters of both `mail_localizer` and `mail_fleet`."""

    model: str = described("", "The model file, as written by `mail_ros train`. Needed.")
    engine: str = described("", "Deprecated, and goes with the next release: numpy computes every model. Leave it out.")
    global_frame_id: str = described("", "Frame of the poses on floor 0; empty: the map frame of the model's card.")
    stride_s: Annotated[float, Range(1e-3, 3600.0)] = described(
        STRIDE_S, "Time between two poses, in seconds of the sensor's stamps."
    )
    field_scale: Annotated[float, Range(1e-12, 1e12)] = described(
        1.0, "Tesla per unit of the driver: 1 as in REP-103, 1e-6 for µT."
    )
    near_m: Annotated[float, Range(0.0, 100.0)] = described(
        0.0,
        "LOCALIZED promises a position at most this far off, in metres; 0: 3 m, or half of the error of a guess, the "
        "middle of the site, where that is less.",
    )
    publish_uncertain_pose: bool = described(
        False, "true: publish every pose on ~/pose; false: only while the status is LOCALIZED or STATIONARY."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.engine not in ("", "numpy"):
            raise ConfigError(
                "parameter engine",
                wanted="none: numpy computes every model",
                found=repr(self.engine),
                fix="leave it out, and give the .safetensors file of `mail_ros train`: numpy carries it faster",
            )
        if not self.model:
            raise ConfigError(
                "parameter model",
                wanted="a model file",
                found="nothing",
                fix="give one, as in -p model:=site.safetensors",
            )

    @property
    def model_path(self) -> Path:
        """The model file; a leading ~ is the home folder."""
        return Path(self.model).expanduser()


@dataclass(frozen=True)
class LocalizerParameters(ModelParameters):
    """Parameters of `mail_localizer`. Its topics are remapped, not set."""

    autostart: bool = described(
        True, "true: localize from the start; false: wait for a lifecycle manager to configure and activate the node."
    )
    tracker: TrackerSetting = described(  # noqa: RUF009 - a Literal
        "auto",
        "auto: the tracker of the model card; none: each window by itself; walking: a belief over the map, moved at "
        "walking speed; odometry: a belief over the map, moved by odometry.",
    )
    odometry: OdometrySetting = described(  # noqa: RUF009 - a Literal
        "auto",
        "Source of odometry: auto: that of the model card; wheels: the topic odom; steps: a person's steps, from "
        "imu/data.",
    )
    tf_broadcast: bool = described(False, "true: send map to odom on /tf, where no other node does. Needs wheels.")
    transform_tolerance_s: Annotated[float, Range(0.0, 60.0)] = described(
        1.0, "How long such a transform is valid ahead of its pose."
    )
    state_file: str = described("", "File for the last trusted pose: a restarted tracker starts from it. Empty: none.")
    robot_file: str = described(
        "", "Robot file of `mail_ros calibrate`: mount of the sensor, and field of robot and motors. Empty: none."
    )

    def check(self, tracking: Tracking) -> None:
        """Check what depends on the tracker, once the model's card is known.

        Raises:
            ConfigError: a parameter that this tracker cannot serve.
        """
        if self.tf_broadcast and tracking != ("odometry", "wheels"):
            raise ConfigError(
                "parameter tf_broadcast",
                wanted="tracker odometry, of wheels",
                found=f"tracker {tracking.tracker}, odometry {tracking.odometry}",
                fix="set tracker to odometry, or leave tf_broadcast out",
            )
        if self.state_file and tracking.tracker == "none":
            raise ConfigError(
                "parameter state_file",
                wanted="a tracker, which starts from it",
                found="none",
                fix="set tracker to walking",
            )


@dataclass(frozen=True)
class FleetParameters(ModelParameters):
    """Parameters of `mail_fleet`; those of a localizer apply to every robot."""

    tracker: Literal["auto", "none", "walking"] = described(
        "auto",
        "auto: the tracker of the model card, with walking instead of odometry; none: each window by itself; walking: "
        "a belief over the map, moved at walking speed.",
    )
    namespaces: tuple[str, ...] = described((), "Namespaces of the robots; empty: all with a topic imu/mag.")
    max_robots: Annotated[int, Range(1, 10_000)] = described(100, "Maximum number of robots.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(name.strip("/") for name in self.namespaces) or len(self.namespaces) > self.max_robots:
            raise ConfigError(
                "parameter namespaces",
                wanted=f"at most {self.max_robots} names",
                found=repr(list(self.namespaces)),
                fix="correct them, or raise max_robots",
            )


@dataclass(frozen=True)
class DemoRobotParameters(Settings, prefix="parameter "):
    """Parameters of `mail_demo_robot`."""

    seed: Annotated[int, Range(0, 2**31)] = described(0, "Seed of path, noise and sensor offset.")


@dataclass(frozen=True)
class ViewParameters:
    """Parameters of `mail_view`."""

    localizer: str = described("mail_localizer", "Name of the localizer.")
    site_file: str = described("", "Site file of `mail_ros site init`, for its floor plans. Empty: none.")
    out: str = described("", "A .rrd file to write instead of opening a window. Empty: a window.")

    def __post_init__(self) -> None:
        if not self.localizer:
            raise ConfigError(
                "parameter localizer", wanted="a node's name", found="nothing", fix="give one or leave it out"
            )


def optional_path(text: str) -> Path | None:
    """The path of a parameter, whose leading ~ is the home folder; None if it is empty."""
    return Path(text).expanduser() if text else None


def declare(node: Node, kind: type[T]) -> T:
    """Declare a dataclass's fields as the node's parameters, and read them.

    Raises:
        ConfigError: a value of the wrong type or out of range.
    """
    declare_only(node, kind)
    return read(node, kind)


def declare_only(node: Node, kind: type, settable: Collection[str] = ()) -> None:
    """Declare a dataclass's fields as the node's parameters, without checking their values.

    Args:
        node: of the parameters.
        kind: the dataclass.
        settable: parameters that can be set while the node runs, which then calls `read` again.
    """

    def declare_one(name: str, default: Any, description: str, current: str) -> None:
        read_only = current not in settable
        descriptor = ParameterDescriptor(description=description, dynamic_typing=True, read_only=read_only)
        node.declare_parameter(name, default, descriptor)

    for field in dataclasses.fields(cast(Any, kind)):
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        declare_one(field.name, default, field.metadata["description"], field.name)
        if (old := RENAMED.get(field.name)) is not None:
            declare_one(old, None, f"Deprecated: renamed to {field.name}.", field.name)
    _warn_of_unknown(node)


def _warn_of_unknown(node: Node) -> None:
    """Warn of parameters that were given, and are none of this node: rclpy ignores them silently."""
    known = list(node.get_parameters_by_prefix(""))
    given = (name for name in node._parameter_overrides if not name.startswith("qos_overrides."))
    for name in sorted(set(given) - set(known)):
        similar = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {similar[0]}?" if similar else "`ros2 param list` lists those that there are"
        node.get_logger().warning(f"no such parameter: {name}; {hint}")


def read(node: Node, kind: type[T]) -> T:
    """The current values of a node's declared parameters, also of those set by a former name.

    Types are checked here and not by rclpy, so that a whole number is valid for a fraction.

    Raises:
        ConfigError: a value of the wrong type or out of range.
    """
    values = {field.name: node.get_parameter(field.name).value for field in dataclasses.fields(cast(Any, kind))}
    former = {name: node.get_parameter(RENAMED[name]).value for name in values.keys() & RENAMED.keys()}
    if given := {name: value for name, value in former.items() if value is not None}:
        names = ", ".join(f"{RENAMED[name]} is renamed to {name}" for name in sorted(given))
        node.get_logger().warning(f"deprecated parameters: {names}", once=True)
        defaults = {field.name: field.default for field in dataclasses.fields(cast(Any, kind))}
        values |= {name: value for name, value in given.items() if values[name] == defaults[name]}
    parameters = from_dict(kind, values, "parameter ")
    if values.get("engine"):
        node.get_logger().warning("parameter engine is deprecated: numpy computes every model; leave it out", once=True)
    return parameters
