"""The pages of parameters and of topics and services: the nodes are made, and their topics and services listed."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.node import Node

import mail_ros.nodes
from generator.fields import fields
from generator.markdown import code, page, section, table, value
from mail_ros.cli.demo import shipped_model

PARAMETERS = (
    "Set with `--ros-args -p NAME:=VALUE`, in a YAML file (`config/mail.yaml`), or by arguments of the "
    "[launch files](launch.md). Every node also has ROS 2's own `use_sim_time`, and `qos_overrides` of the sensors' "
    "topics."
)
TOPICS = (
    "With the defaults of all parameters, but in `mail_localizer` with a robot file that has motors and with odometry, "
    "which takes one of `odom` and `imu/data`, and one robot in `mail_fleet`. Names without a leading `/` follow the "
    "node's namespace, `~` is the node itself, and all can be remapped. `mail_recorder` also subscribes to the "
    "topics in its parameter `topics`, and `mail_localizer` publishes `/tf` with `tf_broadcast`. What every node "
    "or lifecycle node of ROS 2 has is left out. [What they are for](../ros.md)."
)
NAMESPACE = "/somewhere"
GIVEN = {  # so that a node has all its topics, and nothing is recorded
    "mail_localizer": {"model": str(shipped_model()), "tracker": "odometry"},
    "mail_fleet": {"model": str(shipped_model()), "namespaces": "[NAMESPACE]"},
    "mail_recorder": {"autostart": "false"},
}
ROBOT = '{"motor": {"inputs": ["velocity:wheel"], "ut_per_unit": [[0.0, 0.0, 1.0]]}}'  # makes it read joint states
OF_ROS = ("rcl_interfaces", "lifecycle_msgs", "type_description_interfaces")
SOURCES = ("wheels", "steps")  # sources of odometry: each subscribes to another topic


def parameters_page() -> str:
    """A section per node."""
    return page("Parameters of the nodes", PARAMETERS, [_parameters(name, kind) for name, kind in _parameter_kinds()])


def topics_page() -> str:
    """A section per node: its publishers, subscriptions and services."""
    return page("Topics and services", TOPICS, [_ends(*one) for one in node_kinds().items()])


def node_kinds() -> dict[str, type[Node]]:
    """Nodes with an executable, by name: their modules have a NAME and a `main`."""
    return {
        module.NAME: kind
        for module in _modules()
        if {"NAME", "main"} <= vars(module).keys()
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, Node) and kind.__module__ == module.__name__
    }


def _modules() -> list[Any]:
    package = mail_ros.nodes
    names = {one.name for one in pkgutil.iter_modules(package.__path__)} - {"launching"}  # needs a ROS install
    return [importlib.import_module(f"{package.__name__}.{name}") for name in sorted(names)]


def _parameter_kinds() -> Iterator[tuple[str, type]]:
    """Names of nodes and their dataclasses, whose docstrings begin with them."""
    for module in _modules():
        for kind in vars(module).values():
            about = (getattr(kind, "__doc__", None) or "").split("`")
            if inspect.isclass(kind) and kind.__module__ == module.__name__ and about[0] == "Parameters of ":
                yield about[1], kind


def _parameters(name: str, kind: Any) -> str:
    rows = [[code(one.name), one.kind, value(one.default), one.allowed, one.comment] for one in fields(kind)]
    return section(code(name), table(["parameter", "type", "default", "allowed", "what it is"], rows))


def _ends(name: str, kind: type[Node]) -> str:
    published: dict[str, list[str]] = {}
    subscribed: dict[str, list[str]] = {}
    served: dict[str, list[str]] = {}
    for odometry in SOURCES:
        with _node(kind, {**GIVEN.get(name, {}), "odometry": odometry}) as node:
            published |= {one.topic_name: _topic(one, name) for one in node.publishers}
            subscribed |= {one.topic_name: [*_topic(one, name), _about(one.callback)] for one in node.subscriptions}
            served |= {one.service_name: _service(one, name) for one in node.services}
    heads = ["topic", "type", "quality of service"]
    return section(
        code(name),
        _table("Publishers:", heads, published.values()),
        _table("Subscriptions:", [*heads, "purpose"], subscribed.values()),
        _table("Services:", ["service", "type", "purpose"], served.values()),
    )


def _table(title: str, heads: list[str], rows: Iterable[list[str]]) -> str:
    shown = sorted(row for row in rows if not any(kind in row[1] for kind in OF_ROS))
    return f"{title}\n\n{table(heads, shown)}" if shown else ""


def _topic(end: Any, node: str) -> list[str]:
    profile = end.qos_profile
    words = [profile.reliability.name.lower().replace("_", " "), profile.durability.name.lower().replace("_", " ")]
    depth = f"the last {profile.depth}" if profile.depth else "all"
    return [code(_relative(end.topic_name, node)), code(_type(end.msg_type)), ", ".join([*words, depth])]


def _service(end: Any, node: str) -> list[str]:
    return [code(_relative(end.service_name, node)), code(_type(end.srv_type)), _about(end.callback)]


def _relative(name: str, node: str) -> str:
    own = f"{NAMESPACE}/{node}/"
    return f"~/{name.removeprefix(own)}" if name.startswith(own) else name.removeprefix(f"{NAMESPACE}/")


def _type(kind: type) -> str:
    package, group = kind.__module__.split(".")[:2]
    return f"{package}/{group}/{kind.__name__}"


def _about(callback: Callable[..., Any]) -> str:
    """The first sentence of its docstring, without its name."""
    inner = callback.func if isinstance(callback, partial) else callback
    text = " ".join((inner.__doc__ or "").split("\n\n")[0].split())
    sentence = text.partition("`: ")[2] if text.startswith("`") else text
    return sentence[:1].lower() + sentence[1:].rstrip(".")


@contextmanager
def _node(kind: type[Node], given: Mapping[str, str]) -> Iterator[Node]:
    """A node in a graph of its own."""
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    arguments = [word for name, text in given.items() for word in ("-p", f"{name}:={text}")]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "robot.json").write_text(ROBOT)
        context = Context()
        rclpy.init(args=["--ros-args", "--log-level", "error"], context=context)
        arguments += ["-p", f"out:={folder}/out", "-p", f"robot_file:={folder}/robot.json", "-r", f"__ns:={NAMESPACE}"]
        try:
            node: Any = kind(context=context, cli_args=["--ros-args", *arguments])
            try:
                yield node
            finally:
                node.close()
                node.destroy_node()
        finally:
            context.try_shutdown()
