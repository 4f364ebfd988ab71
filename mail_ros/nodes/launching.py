"""What the launch files share: an argument that is not valid ends the launch with one line, before any node starts.

Needs `launch` and `launch_ros`, which come with a ROS install.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity, SomeSubstitutionsType
from launch.actions import GroupAction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from mail_ros.core.errors import ConfigError

LABELS = ("floor", "route", "direction", "device", "platform", "carrier")
TYPES: dict[str, dict[str, type]] = {  # per executable: arguments that set the parameter of that name
    "mail_localizer": {"model": str, "tracker": str, "robot_file": str, "autostart": bool, "use_sim_time": bool},
    "mail_fleet": {"model": str, "tracker": str, "max_robots": int, "most": int, "use_sim_time": bool},
    "mail_recorder": {
        **{"out": str, "prefix": str, "autostart": bool, "use_sim_time": bool, "compression": str, "site_file": str},
        **{"split_size_mb": float, "split_s": float, "min_free_space_mb": int},
        **dict.fromkeys(LABELS, str),
    },
    "mail_view": {"site_file": str, "use_sim_time": bool},
    "mail_demo_robot": {"seed": int},
    "rviz2": {"use_sim_time": bool},
}
LISTS = {"mail_recorder": ("topics",)}  # arguments that set a list of texts, with commas between
WITH_FILE = {"mail_localizer", "mail_fleet", "mail_recorder"}  # nodes that `params_file` is for
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
WANTED = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def scoped(entities: list[LaunchDescriptionEntity]) -> LaunchDescription:
    """A description whose arguments are unknown to a launch file that includes it, and to what that includes next."""
    return LaunchDescription([GroupAction(entities)])


def package_node(context: LaunchContext, executable: str, namespace: SomeSubstitutionsType | None = None) -> Node:
    """A node of this package, with the parameters that the arguments set.

    Args:
        context: of the launch file's arguments.
        executable: a file of scripts/, which is the node's name as well.
        namespace: of the node.

    Raises:
        ConfigError: an argument is not valid.
    """
    return Node(
        package="mail_ros",
        executable=executable,
        name=executable,
        namespace=namespace,
        parameters=parameters(context, executable),
        ros_arguments=["--log-level", LaunchConfiguration("log_level")],
        output="screen",
    )


def parameters(context: LaunchContext, executable: str) -> list[str | dict[str, Any]]:
    """The file of parameters, if there is one, and then the arguments that are not empty, which count more.

    `use_sim_time` is set only where it is true, since false is its default.

    Raises:
        ConfigError: an argument is not valid.
    """
    types = TYPES[executable]
    given = {name: text for name in types if (text := LaunchConfiguration(name).perform(context))}
    values: dict[str, Any] = {name: converted(name, text, types[name]) for name, text in given.items()}
    if not values.get("use_sim_time"):
        values.pop("use_sim_time", None)
    single = {name: ParameterValue(value, value_type=types[name]) for name, value in values.items()}
    lists = {name: texts for name in LISTS.get(executable, ()) if (texts := list_argument(context, name))}
    return [*(parameter_files(context) if executable in WITH_FILE else []), single | lists]


def check(context: LaunchContext, *executables: str) -> None:
    """Check the arguments of nodes that start later: `launch` leaves those behind that started before an error.

    Raises:
        ConfigError: an argument is not valid.
    """
    for executable in executables:
        parameters(context, executable)


def is_true(context: LaunchContext, name: str) -> bool:
    """The value of an argument that is true or false.

    Raises:
        ConfigError: it is neither.
    """
    return bool(converted(name, LaunchConfiguration(name).perform(context), bool))


def converted(name: str, text: str, kind: type) -> bool | int | float | str:
    """An argument's value.

    Raises:
        ConfigError: the text is none of that type.
    """
    try:
        value: bool | int | float | str = BOOLEANS[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        raise ConfigError(
            f"argument {name}", wanted=WANTED[kind], found=repr(text), fix="correct it, or leave it out"
        ) from None
    return value


def list_argument(context: LaunchContext, name: str) -> list[str]:
    """The texts between the commas, without the spaces around them; none if the argument is empty.

    Raises:
        ConfigError: nothing between two commas.
    """
    text = LaunchConfiguration(name).perform(context)
    texts = [part.strip() for part in text.split(",")] if text else []
    if not all(texts):
        raise ConfigError(
            f"argument {name}", wanted="names with commas between", found=repr(text), fix=f"as in {name}:=imu/mag,odom"
        )
    return texts


def parameter_files(context: LaunchContext) -> list[str]:
    """The file of the argument `params_file`, if it is given; a leading ~ is the home folder.

    Raises:
        ConfigError: there is no such file: ROS would start the node without it.
    """
    text = LaunchConfiguration("params_file").perform(context)
    path = Path(text).expanduser()
    if text and not path.is_file():
        raise ConfigError(
            "argument params_file",
            wanted="a YAML file with parameters",
            found=f"no file {path.absolute()}",
            fix="give its path, or leave params_file out",
        )
    return [str(path)] if text else []
