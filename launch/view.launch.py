"""The view alone, of a localizer on this machine or on a robot in the same network; needs rerun (docs/view.md).

ros2 launch mail_ros view.launch.py namespace:=robot site_file:=museum.yaml
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from mail_ros.nodes.launching import package_node, scoped


def generate_launch_description() -> LaunchDescription:
    """An argument that is left empty leaves its parameter to the node's default."""
    return scoped(
        [
            DeclareLaunchArgument("site_file", default_value="", description="Of `mail_ros site init`: floor plans."),
            DeclareLaunchArgument("namespace", default_value="", description="Namespace of the localizer."),
            DeclareLaunchArgument("use_sim_time", default_value="false", description="true: time is that of /clock."),
            DeclareLaunchArgument("log_level", default_value="info", description="debug, info, warn, error or fatal."),
            OpaqueFunction(function=view),
        ]
    )


def view(context: LaunchContext) -> list[Node]:
    """The node, with the parameters that were given."""
    return [package_node(context, "mail_view", LaunchConfiguration("namespace"))]
