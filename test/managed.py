"""A localizer node in the test's own process, and what a lifecycle manager does with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from geometry_msgs.msg import PoseStamped
from helpers import synthetic_walk
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.parameter import Parameter
from rclpy.serialization import deserialize_message
from ros import Graph, LogLines
from sensor_msgs.msg import MagneticField

from mail_ros.data.messages import encode_field
from mail_ros.nodes.localizer_node import LocalizerNode

TRANSITIONS = {
    "configure": Transition.TRANSITION_CONFIGURE,
    "activate": Transition.TRANSITION_ACTIVATE,
    "deactivate": Transition.TRANSITION_DEACTIVATE,
    "cleanup": Transition.TRANSITION_CLEANUP,
    "shutdown": Transition.TRANSITION_ACTIVE_SHUTDOWN,
    "fly": 77,
}


class Managed:
    """A localizer in this process, and what a lifecycle manager does with it; it publishes uncertain poses too."""

    def __init__(self, graph: Graph, **parameters: Any) -> None:
        parameters = {"publish_uncertain_pose": True, **parameters}  # an untrained model is hardly ever sure
        self.graph, self.node = graph, in_process(graph, **parameters)
        self.errors: list[str] = []
        self.node.get_logger = lambda: LogLines(self.errors)
        graph.executor.add_node(self.node)
        self.poses: list[PoseStamped] = graph.listen(PoseStamped, "/mail_localizer/pose")
        self._walk = messages(60.0)

    @property
    def state(self) -> str:
        """As Nav2 asks for it."""
        return str(self.graph.call(GetState, "/mail_localizer/get_state", GetState.Request()).current_state.label)

    def change(self, transition: str) -> bool:
        """By number, as Nav2 does."""
        request = ChangeState.Request()
        request.transition.id = TRANSITIONS[transition]
        return bool(self.graph.call(ChangeState, "/mail_localizer/change_state", request).success)

    def push_samples(self, count: int = 300) -> None:
        """The next samples, at 100 Hz."""
        for _ in range(count):
            self.node.on_field(next(self._walk))


def in_process(graph: Graph, **parameters: Any) -> LocalizerNode:
    """A localizer in this process, of these parameters."""
    return LocalizerNode(
        context=graph.context, parameter_overrides=[Parameter(name, value=value) for name, value in parameters.items()]
    )


def messages(duration_s: float) -> Iterator[MagneticField]:
    """A walk as a driver would publish it, at 100 Hz."""
    walk = synthetic_walk(duration_s)
    for stamp_ns, field_ut in zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True):
        yield deserialize_message(encode_field(stamp_ns, field_ut, "imu_link"), MagneticField)
