"""What lies in config/ names only what is there: parameters, topics and services, types and durability."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
from helpers import tiny_config, tiny_model
from ros import ROOT, Graph
from ruamel.yaml import YAML

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from declared import PARAMETERS
from managed import Managed
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy

from mail_ros.core.localizer.status_report import StatusReport
from mail_ros.core.platform.robot_file import MotorField, Robot, write_robot
from mail_ros.core.types import Status
from mail_ros.nodes.conversions import message_class
from mail_ros.nodes.demo_laps import DemoLapsNode
from mail_ros.nodes.recorder_node import RecorderNode

PARAMETER_FILES = sorted((ROOT / "config").glob("*.yaml"))
OTHERS = {"ekf_filter_node_map", "lifecycle_manager_localization"}  # nodes of robot_localization and of Nav2
SHOWN = {
    "rviz_default_plugins/Map": "nav_msgs/msg/OccupancyGrid",
    "rviz_default_plugins/Pose": "geometry_msgs/msg/PoseStamped",
    "rviz_default_plugins/PoseArray": "geometry_msgs/msg/PoseArray",
    "rviz_default_plugins/PoseWithCovariance": "geometry_msgs/msg/PoseWithCovarianceStamped",
}
RULES = {  # an element of a policy and an attribute of it: what it is about
    ("topics", "subscribe"): "subscribes",
    ("topics", "publish"): "publishes",
    ("services", "reply"): "serves",
}


class Ends(NamedTuple):
    """A node's ends of the graph: absolute names, and their types."""

    subscribes: dict[str, str]
    publishes: dict[str, str]
    serves: dict[str, str]


def ends(node: Node) -> Ends:
    name, namespace = node.get_name(), node.get_namespace()
    found = (
        node.get_subscriber_names_and_types_by_node(name, namespace),
        node.get_publisher_names_and_types_by_node(name, namespace),
        node.get_service_names_and_types_by_node(name, namespace),
    )
    return Ends(*({topic: types[0] for topic, types in each} for each in found))


def localizer_node(graph: Graph, odometry: str = "wheels") -> Node:
    """At work, on a robot whose motors disturb, in simulated time, which takes one subscription more."""
    model = tiny_model(graph.folder / "site.safetensors", tiny_config("heatmap"))
    write_robot(graph.folder / "robot.json", Robot(motor=MotorField(("speed:wheel",), ((1.0, 0.0, 0.0),))))
    files = {"model": str(model), "robot_file": str(graph.folder / "robot.json")}
    return Managed(graph, **files, tracker="odometry", odometry=odometry, use_sim_time=True).node


@pytest.fixture
def localizer(graph: Graph) -> Node:
    return localizer_node(graph)


@pytest.fixture
def recorder(graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.chdir(tmp_path)
    return RecorderNode(context=graph.context, cli_args=["--ros-args", "-p", "use_sim_time:=true"])


def sections(path: Path) -> dict[str, Any]:
    """What a parameter file sets, also where all of it is commented out."""
    text, yaml = path.read_text(), YAML(typ="safe")
    return yaml.load(text) or yaml.load(re.sub(r"^# ?(?=/\*\*|  )", "", text, flags=re.MULTILINE)) or {}


def parameters(name: str, node: str) -> dict[str, Any]:
    """What a file of config/ sets of a node."""
    given: dict[str, Any] = sections(ROOT / "config" / name)[f"/**/{node}"]["ros__parameters"]
    return given


@pytest.mark.parametrize("path", PARAMETER_FILES, ids=lambda path: path.name)
def test_every_parameter_in_a_file_is_one_of_the_node(path: Path) -> None:
    assert sections(path)
    for pattern, content in sections(path).items():
        node = pattern.removeprefix("/**/")
        assert set(content) == {"ros__parameters"}
        assert node in OTHERS or set(content["ros__parameters"]) <= PARAMETERS[node]


def test_robot_localization_subscribes_to_x_y_and_yaw_of_the_localizer(localizer: Node) -> None:
    filters = parameters("robot_localization.yaml", "ekf_filter_node_map")
    assert ends(localizer).publishes[f"/{filters['pose0']}"] == "geometry_msgs/msg/PoseWithCovarianceStamped"
    assert filters["pose0_config"] == [field in (0, 1, 5) for field in range(15)]
    assert len(filters["odom0_config"]) == len(filters["initial_estimate_covariance"]) == 15


def test_nav2_manages_the_localizer_which_waits_for_it(localizer: Node) -> None:
    manager = parameters("nav2.yaml", "lifecycle_manager_localization")
    assert localizer.get_name() in manager["node_names"]
    assert manager["bond_timeout"] == 0.0
    assert parameters("nav2.yaml", localizer.get_name())["autostart"] is False


def view() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load((ROOT / "config" / "mail.rviz").read_text())["Visualization Manager"]
    return loaded


def test_rviz_shows_what_the_localizer_and_the_demo_publish(localizer: Node, graph: Graph) -> None:
    demo = DemoLapsNode(context=graph.context)
    published = ends(localizer).publishes | ends(demo).publishes
    shown = [display for display in view()["Displays"] if "Topic" in display]
    assert {display["Class"] for display in shown} <= set(SHOWN)
    for display in shown:
        topic = display["Topic"]
        name = f"/{topic['Value']}"
        assert published[name] == SHOWN[display["Class"]]
        graph.wait(lambda name=name: graph.node.get_publishers_info_by_topic(name), f"for {name}")  # type: ignore[misc]
        (publisher,) = graph.node.get_publishers_info_by_topic(name)
        latched = publisher.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
        assert latched or topic["Durability Policy"] == "Volatile"


def test_rviz_sets_the_initial_pose_of_the_localizer(localizer: Node) -> None:
    topics = {tool["Class"]: tool["Topic"]["Value"] for tool in view()["Tools"] if "Topic" in tool}
    assert f"/{topics['rviz_default_plugins/SetInitialPose']}" in ends(localizer).subscribes
    assert topics["rviz_default_plugins/PublishPoint"] == "clicked_point"
    assert view()["Global Options"]["Fixed Frame"] == "map"


def layout() -> dict[str, Any]:
    """What Foxglove and Lichtblick import."""
    loaded: dict[str, Any] = json.loads((ROOT / "config" / "foxglove.json").read_text())
    return loaded


def panel(kind: str) -> dict[str, Any]:
    """The one panel of its kind in the layout."""
    ((_, content),) = ((name, each) for name, each in layout()["configById"].items() if name.startswith(f"{kind}!"))
    settings: dict[str, Any] = content
    return settings


def leaves(node: str | dict[str, Any]) -> Iterator[str]:
    """Panels of the mosaic of a layout."""
    if isinstance(node, str):
        yield node
    else:
        assert node["direction"] in ("row", "column")
        yield from leaves(node["first"])
        yield from leaves(node["second"])


def field_type(msgtype: str, path: str) -> str:
    """Type of a field of a message, as of `magnetic_field.x` or `values[:].key`."""
    for name in path.split("."):
        inner = re.sub(r"sequence<(.*)>", r"\1", msgtype)
        fields = message_class(inner if "/msg/" in inner else inner.replace("/", "/msg/")).get_fields_and_field_types()
        msgtype = fields[name.removesuffix("[:]")]
    return msgtype


def test_every_panel_of_the_layout_has_one_tile() -> None:
    assert sorted(leaves(layout()["layout"])) == sorted(layout()["configById"])


def test_the_layout_shows_and_sets_on_the_map_what_rviz_does() -> None:
    shown, publish = panel("3D"), panel("3D")["publish"]
    assert set(shown["topics"]) == {
        f"/{display['Topic']['Value']}" for display in view()["Displays"] if "Topic" in display
    }
    assert all(settings["visible"] for settings in shown["topics"].values())
    assert shown["followTf"] == view()["Global Options"]["Fixed Frame"]
    set_by_rviz = {f"/{tool['Topic']['Value']}" for tool in view()["Tools"] if "Topic" in tool}
    assert {publish["poseEstimateTopic"], publish["pointTopic"]} == set_by_rviz


def test_the_layout_plots_fields_that_the_nodes_publish(localizer: Node, graph: Graph) -> None:
    """All of its topics are published with the namespace `/`, and its paths lead to a number or a text of a message."""
    published = ends(localizer).publishes | ends(DemoLapsNode(context=graph.context)).publishes
    assert set(panel("3D")["topics"]) <= set(published)
    assert published[panel("DiagnosticSummary")["topicToRender"]] == "diagnostic_msgs/msg/DiagnosticArray"
    for kind, expected in (("Plot", "double"), ("StateTransitions", "string")):
        for path in panel(kind)["paths"]:
            topic, _, field = path["value"].partition(".")
            assert field_type(published[topic], re.sub(r"\{.*?\}", "", field)) == expected


def test_the_layout_shows_the_status_by_its_key() -> None:
    (path,) = panel("StateTransitions")["paths"]
    (key,) = re.findall(r'\{key=="(\w+)"\}', path["value"])
    assert StatusReport(Status.FILLING, "model", 3.0).values[key] == "FILLING"


def allowed(node: Node) -> dict[str, set[str]]:
    """What the policy lets a node do: names as the node resolves them."""
    (profile,) = ElementTree.parse(ROOT / "config" / "sros2_policy.xml").iterfind(
        f"./enclaves/enclave[@path='/{node.get_name()}']/profiles/profile[@node='{node.get_name()}']"
    )
    assert profile.get("ns") == node.get_namespace()
    names: dict[str, set[str]] = {does: set() for does in RULES.values()}
    for group in profile:
        ((attribute, rule),) = group.attrib.items()
        assert rule == "ALLOW"
        resolved = [node.resolve_topic_name(str(element.text)) for element in group]
        assert len(set(resolved)) == len(resolved), "each once"
        names[RULES[group.tag, attribute]] |= set(resolved)
    return names


@pytest.mark.parametrize(("odometry", "other"), [("wheels", "/imu/data"), ("steps", "/odom")])
def test_the_policy_allows_the_localizer_what_it_does_and_no_more(graph: Graph, odometry: str, other: str) -> None:
    """It publishes map -> odom on /tf where that is asked for, which needs tf2_ros."""
    localizer = localizer_node(graph, odometry)
    done = {does: set(names) for does, names in ends(localizer)._asdict().items()}
    assert allowed(localizer) == {
        **done,
        "subscribes": done["subscribes"] | {other},
        "publishes": done["publishes"] | {"/tf"},
    }


def test_the_policy_allows_the_recorder_what_it_does_and_no_more(recorder: Node) -> None:
    """It subscribes to each of its topics once it has a publisher."""
    done = {does: set(names) for does, names in ends(recorder)._asdict().items()}
    topics = {recorder.resolve_topic_name(topic) for topic in recorder.parameters.topics}
    assert allowed(recorder) == {**done, "subscribes": done["subscribes"] | topics}
