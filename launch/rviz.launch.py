"""RViz alone, for a localizer on this machine or on a robot in the same network; needs the package rviz2.

ros2 launch mail_ros rviz.launch.py namespace:=robot
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, ThisLaunchFileDir
from launch_ros.actions import Node

from mail_ros.nodes.launching import parameters, scoped


def generate_launch_description() -> LaunchDescription:
    """The topics in config/mail.rviz are relative names: they follow the namespace."""
    return scoped(
        [
            DeclareLaunchArgument("fixed_frame", default_value="map", description="Frame of the shown floor."),
            DeclareLaunchArgument("namespace", default_value="", description="Namespace of the localizer."),
            DeclareLaunchArgument("use_sim_time", default_value="false", description="true: time is that of /clock."),
            DeclareLaunchArgument("log_level", default_value="info", description="debug, info, warn, error or fatal."),
            OpaqueFunction(function=rviz),
        ]
    )


def rviz(context: LaunchContext) -> list[Node]:
    """RViz with the package's view."""
    return [
        Node(
            package="rviz2",
            executable="rviz2",
            namespace=LaunchConfiguration("namespace"),
            arguments=[
                *("--display-config", [ThisLaunchFileDir(), "/../config/mail.rviz"]),
                *("--fixed-frame", LaunchConfiguration("fixed_frame")),
            ],
            parameters=parameters(context, "rviz2"),
            ros_arguments=["--log-level", LaunchConfiguration("log_level")],
            output="screen",
        )
    ]
