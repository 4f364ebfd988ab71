"""Several robots in one process: NAMESPACE/imu/mag in, NAMESPACE/mail_localizer/status and poses out.

ros2 launch mail_ros fleet.launch.py model:=site.safetensors
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node

from mail_ros.nodes.launching import package_node, scoped


def generate_launch_description() -> LaunchDescription:
    """An argument that is left empty leaves its parameter to the parameter file, or to the node's default."""
    return scoped(
        [
            DeclareLaunchArgument("model", default_value="", description="Model file, written by `mail_ros train`."),
            DeclareLaunchArgument("tracker", default_value="", description="Tracker: auto, none or walking."),
            DeclareLaunchArgument("max_robots", default_value="", description="Maximum number of robots."),
            DeclareLaunchArgument("most", default_value="", description="Deprecated: renamed to max_robots."),
            DeclareLaunchArgument("params_file", default_value="", description="YAML with parameters of the node."),
            DeclareLaunchArgument("use_sim_time", default_value="false", description="true: time is that of /clock."),
            DeclareLaunchArgument("log_level", default_value="info", description="debug, info, warn, error or fatal."),
            OpaqueFunction(function=fleet),
        ]
    )


def fleet(context: LaunchContext) -> list[Node]:
    """The node, with the parameters that were given."""
    return [package_node(context, "mail_fleet")]
