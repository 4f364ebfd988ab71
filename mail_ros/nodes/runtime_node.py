"""From parameters to a model at work, and the node that holds one.

LocalizerParameters --> put_to_work --> Runtime <-- WorkingNode <-- its inputs, outputs and commands
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from mail_ros.core.localizer.runtime import Runtime
from mail_ros.core.models.model_file import load_model
from mail_ros.core.platform.robot_file import read_robot
from mail_ros.nodes.lifecycle import ManagedNode
from mail_ros.nodes.parameters import LocalizerParameters, read


class WorkingNode(ManagedNode):
    """A node with a model at work: what its inputs, outputs and commands know of it."""

    parameters: LocalizerParameters
    runtime: Runtime

    def read_parameters(self) -> LocalizerParameters:
        """As they are now.

        Raises:
            ConfigError: one is not what it must be.
        """
        return read(self, LocalizerParameters)

    def now_ns(self) -> int:
        """The clock that stamps samples."""
        return int(self.get_clock().now().nanoseconds)

    def work_with(self, parameters: LocalizerParameters, runtime: Runtime) -> None:
        """Localize with this from now on."""
        self.parameters, self.runtime = parameters, runtime
        config, floors = runtime.loaded.card.config, ", ".join(map(str, runtime.loaded.card.floors))
        kind = "matching" if config.kind == "matching" else f"{config.mail.head} head"
        sampling = config.sampling
        self.get_logger().info(
            f"model {self.parameters.model}: {kind}, map frame {runtime.map_frame}, floors {floors}, "
            f"{sampling.per_unit:g} {sampling.rate_unit}, window {sampling.length:g} {sampling.unit}"
        )


def put_to_work(parameters: LocalizerParameters, now_ns: Callable[[], int]) -> Runtime:
    """Load and check the model that parameters name, and make all that it needs to localize; in whatever thread.

    Raises:
        MailError: the model cannot be used, or not so.
    """
    loaded = load_model(parameters.model_path)
    map_frame = parameters.global_frame_id or loaded.card.map_frame
    about = {
        "model": parameters.model,
        "model sha256": sha256(parameters.model_path.read_bytes()).hexdigest(),
        "map frame": map_frame,
        "tracker": parameters.tracker,
    }
    return Runtime(
        loaded,
        map_frame=map_frame,
        stride_s=parameters.stride_s,
        tracker=parameters.tracker,
        odometry=parameters.odometry,
        now_ns=now_ns,
        about=about,
        robot=None if parameters.robot_path is None else read_robot(parameters.robot_path),
    )
