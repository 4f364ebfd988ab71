"""A simulated robot, and the localizer that finds it: the front door with the demo's model.

ros2 launch mail_ros demo.launch.py rviz:=true

The arguments of mail.launch.py that are not declared here reach it all the same.
"""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from mail_ros.nodes.launching import check, package_node, scoped

SHARED = ("namespace", "log_level")

# Plain strings instead of substitutions, so that --show-args finds the front door's arguments.
FRONT_DOOR = str(Path(__file__).parent / "mail.launch.py")
MODEL = str(Path(__file__).parent.parent / "models" / "demo.safetensors")


def generate_launch_description() -> LaunchDescription:
    """An argument that is left empty leaves its parameter to the node's default."""
    return scoped(
        [
            DeclareLaunchArgument("model", default_value=MODEL, description="Model file of the simulated building."),
            DeclareLaunchArgument("tracker", default_value="odometry", description="Tracker: none, walking, odometry."),
            DeclareLaunchArgument("seed", default_value="", description="Seed of the robot's drive."),
            DeclareLaunchArgument("namespace", default_value="", description="Namespace of nodes and their topics."),
            DeclareLaunchArgument("log_level", default_value="info", description="debug, info, warn, error or fatal."),
            OpaqueFunction(function=check_arguments),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(FRONT_DOOR),
                launch_arguments=[(name, LaunchConfiguration(name)) for name in ("model", "tracker", *SHARED)],
            ),
            OpaqueFunction(function=robot),
        ]
    )


def check_arguments(context: LaunchContext) -> None:
    """Check those of the robot, before the front door starts its nodes."""
    check(context, "mail_demo_robot")


def robot(context: LaunchContext) -> list[Node]:
    """The simulated robot, with the parameters that were given."""
    return [package_node(context, "mail_demo_robot", LaunchConfiguration("namespace"))]
