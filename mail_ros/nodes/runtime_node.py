"""From parameters to a loaded model, and the node that holds it."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from mail_ros.core.localizer.compose import resolve_tracking
from mail_ros.core.localizer.runtime import Runtime
from mail_ros.core.localizer.status_report import model_name
from mail_ros.core.models.model_file import load_model
from mail_ros.core.platform.robot_file import read_robot
from mail_ros.nodes.lifecycle import ManagedNode
from mail_ros.nodes.parameters import LocalizerParameters, optional_path, read


class RuntimeNode(ManagedNode):
    """A node with a loaded model: the interface that its inputs, outputs and commands use."""

    parameters: LocalizerParameters
    runtime: Runtime

    def read_parameters(self) -> LocalizerParameters:
        """The parameters as they are now.

        Raises:
            ConfigError: one is not valid.
        """
        return read(self, LocalizerParameters)

    def now_ns(self) -> int:
        """The clock that stamps samples."""
        return int(self.get_clock().now().nanoseconds)

    def set_runtime(self, parameters: LocalizerParameters, runtime: Runtime) -> None:
        """Localize with this model from now on."""
        self.parameters, self.runtime = parameters, runtime
        config, floors = runtime.loaded.card.config, ", ".join(map(str, runtime.loaded.card.floors))
        sampling = config.sampling
        self.get_logger().info(
            f"model {self.parameters.model}: {config.title}, map frame {runtime.map_frame}, floors {floors}, "
            f"{sampling.per_unit:g} {sampling.rate_unit}, window {sampling.length:g} {sampling.unit}"
        )


def load_runtime(parameters: LocalizerParameters, now_ns: Callable[[], int]) -> Runtime:
    """Load and check the model of these parameters; runs in any thread.

    Raises:
        MailError: the model or the robot file is not valid, or does not fit the parameters.
    """
    loaded = load_model(parameters.model_path)
    map_frame = parameters.global_frame_id or loaded.card.map_frame
    chosen = resolve_tracking(loaded.card, parameters.tracker, parameters.odometry)
    parameters.check(chosen)
    robot_path = optional_path(parameters.robot_file)
    digest = sha256(parameters.model_path.read_bytes()).hexdigest()
    about = {
        "model": parameters.model,
        "model sha256": digest,
        "map frame": map_frame,
        "tracker": chosen.tracker,
    }
    return Runtime(
        loaded,
        map_frame=map_frame,
        stride_s=parameters.stride_s,
        tracker=chosen.tracker,
        odometry=chosen.odometry,
        now_ns=now_ns,
        about=about,
        model_name=model_name(parameters.model_path, digest),
        robot=None if robot_path is None else read_robot(robot_path),
        near_m=parameters.near_m or None,
    )
