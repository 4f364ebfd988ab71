"""What the nodes can be told: defaults and descriptions here, and nowhere else.

    dataclass --> declared on the node --> overridden from YAML or the command line --> checked --> dataclass

A launch file or a YAML file holds only what differs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node

from mail_ros.core.config import (
    STRIDE_S,
    OdometrySource,
    Range,
    Settings,
    TrackerChoice,
    from_dict,
)
from mail_ros.core.errors import ConfigError

T = TypeVar("T")


def described(default: Any, description: str) -> Any:
    """A field of a parameter dataclass; `ros2 param describe` shows the description."""
    return dataclasses.field(default=default, metadata={"description": description})


@dataclass(frozen=True)
class ModelParameters(Settings, prefix="parameter "):
    """How a model localizes: parameters of both `mail_localizer` and `mail_fleet`."""

    model: str = described("", "The model file, as written by `mail_ros train`. Needed.")
    engine: str = described("", "Deprecated, and goes with the next release: numpy computes every model. Leave it out.")
    global_frame_id: str = described("", "Frame of the poses on floor 0; empty: the map frame of the model's card.")
    stride_s: Annotated[float, Range(1e-3, 3600.0)] = described(
        STRIDE_S, "Time between two poses, in seconds of the sensor's stamps."
    )
    field_scale: Annotated[float, Range(1e-12, 1e12)] = described(
        1.0, "Tesla in the unit that the driver sends: 1 as REP-103 asks for, 1e-6 for µT."
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
    tracker: TrackerChoice = described(  # noqa: RUF009 - a Literal
        "none",
        "none: each window by itself; walking: a belief over the map is carried on, at a walking speed; "
        "odometry: it is carried on by odometry.",
    )
    odometry: OdometrySource = described(  # noqa: RUF009 - a Literal
        "wheels", "What tracker odometry hears: wheels: the topic odom; steps: a person's steps, from imu/data."
    )
    tf_broadcast: bool = described(
        False,
        "true: say on /tf where the frame of odom lies in the map; where nobody else does. Needs wheels.",
    )
    transform_tolerance_s: Annotated[float, Range(0.0, 60.0)] = described(
        1.0, "How long such a transform is valid ahead of its pose."
    )
    state_file: str = described(
        "", "File that keeps the last sure place: the tracker begins there when started again. Empty: none."
    )
    robot_file: str = described(
        "", "Robot file of `mail_ros calibrate`: how the sensor is mounted, and what robot and motors add. Empty: none."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tf_broadcast and (self.tracker, self.odometry) != ("odometry", "wheels"):
            raise ConfigError(
                "parameter tf_broadcast",
                wanted="tracker odometry, of wheels",
                found=f"tracker {self.tracker}, odometry {self.odometry}",
                fix="set tracker to odometry, or leave tf_broadcast out",
            )
        if self.state_file and self.tracker == "none":
            raise ConfigError(
                "parameter state_file", wanted="a tracker that begins there", found="none", fix="set tracker to walking"
            )

    @property
    def state_path(self) -> Path | None:
        """Where the last place is kept; None for nowhere."""
        return Path(self.state_file).expanduser() if self.state_file else None

    @property
    def robot_path(self) -> Path | None:
        """What is known of the robot; None for nothing."""
        return Path(self.robot_file).expanduser() if self.robot_file else None


@dataclass(frozen=True)
class FleetParameters(ModelParameters):
    """Parameters of `mail_fleet`: those of a localizer hold for every robot."""

    tracker: Literal["none", "walking"] = described(
        "none", "none: each window by itself; walking: a belief over the map is carried on, at a walking speed."
    )
    namespaces: tuple[str, ...] = described((), "The robots' namespaces; empty: all that have a topic imu/mag.")
    most: Annotated[int, Range(1, 10_000)] = described(100, "Room for so many robots; memory is taken at the start.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(name.strip("/") for name in self.namespaces) or len(self.namespaces) > self.most:
            raise ConfigError(
                "parameter namespaces",
                wanted=f"at most {self.most} names",
                found=repr(list(self.namespaces)),
                fix="correct them, or raise most",
            )


@dataclass(frozen=True)
class DemoRobotParameters(Settings, prefix="parameter "):
    """Parameters of `mail_demo_robot`."""

    seed: Annotated[int, Range(0, 2**31)] = described(
        0, "Another seed, another way through the same building, and another noise and offset."
    )


@dataclass(frozen=True)
class ViewParameters:
    """Parameters of `mail_view`."""

    localizer: str = described("mail_localizer", "Name of the localizer to look at.")
    site_file: str = described(
        "", "The building's file, as `mail_ros site init` writes it: its floor plans. Empty: none."
    )
    out: str = described("", "A .rrd file to write in place of a window. Empty: a window.")

    def __post_init__(self) -> None:
        if not self.localizer:
            raise ConfigError(
                "parameter localizer", wanted="a node's name", found="nothing", fix="give one or leave it out"
            )

    @property
    def site_path(self) -> Path | None:
        """The building's file; None without."""
        return Path(self.site_file).expanduser() if self.site_file else None

    @property
    def out_path(self) -> Path | None:
        """The file; None for a window."""
        return Path(self.out).expanduser() if self.out else None


def declare(node: Node, kind: type[T]) -> T:
    """Declare a dataclass's fields as the node's parameters and read what they were overridden with.

    Raises:
        ConfigError: a value of the wrong type or out of range.
    """
    declare_only(node, kind)
    return read(node, kind)


def declare_only(node: Node, kind: type, settable: Collection[str] = ()) -> None:
    """Declare a dataclass's fields as the node's parameters, whatever they were overridden with.

    Args:
        node: whose they are.
        kind: the dataclass.
        settable: names of those that can be set while the node runs, which then reads them again (see `read`).
    """
    for field in dataclasses.fields(cast(Any, kind)):
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        descriptor = ParameterDescriptor(
            description=field.metadata["description"], dynamic_typing=True, read_only=field.name not in settable
        )
        node.declare_parameter(field.name, default, descriptor)


def read(node: Node, kind: type[T]) -> T:
    """The values that a node's declared parameters have now.

    Types are checked here and not by rclpy, so that a whole number will do where a fraction is meant.

    Raises:
        ConfigError: a value of the wrong type or out of range.
    """
    values = {field.name: node.get_parameter(field.name).value for field in dataclasses.fields(cast(Any, kind))}
    if values.get("engine"):
        node.get_logger().warning("parameter engine is deprecated: numpy computes every model; leave it out", once=True)
    return from_dict(kind, values, "parameter ")
