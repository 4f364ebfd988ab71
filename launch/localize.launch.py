"""The localizer alone: imu/mag in, mail_localizer/status and poses out.

ros2 launch mail_ros localize.launch.py model:=site.safetensors
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from mail_ros.nodes.launching import package_node, scoped


def generate_launch_description() -> LaunchDescription:
    """An argument that is left empty leaves its parameter to the parameter file, or to the node's default."""
    return scoped(
        [
            DeclareLaunchArgument("model", default_value="", description="Model file, written by `mail_ros train`."),
            DeclareLaunchArgument("tracker", default_value="", description="Tracker: auto, none, walking or odometry."),
            DeclareLaunchArgument("robot_file", default_value="", description="Written by `mail_ros calibrate`."),
            DeclareLaunchArgument("autostart", default_value="", description="false: wait for a lifecycle manager."),
            DeclareLaunchArgument("namespace", default_value="", description="Namespace of the node and its topics."),
            DeclareLaunchArgument("params_file", default_value="", description="YAML with parameters of the node."),
            DeclareLaunchArgument("use_sim_time", default_value="false", description="true: time is that of /clock."),
            DeclareLaunchArgument("log_level", default_value="info", description="debug, info, warn, error or fatal."),
            OpaqueFunction(function=localizer),
        ]
    )


def localizer(context: LaunchContext) -> list[Node]:
    """The node, with the parameters that were given."""
    return [package_node(context, "mail_localizer", LaunchConfiguration("namespace"))]
