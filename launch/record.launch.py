"""The recorder alone: topics into rosbag2 bags, named after date and time.

ros2 launch mail_ros record.launch.py out:=surveys site_file:=museum.yaml route:=12 device:=robot_7 platform:=robot
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
            DeclareLaunchArgument("topics", default_value="", description="Topics to record, with commas between."),
            DeclareLaunchArgument("out", default_value="", description="Folder of the bags."),
            DeclareLaunchArgument("prefix", default_value="", description="Prefix of the bags' names."),
            DeclareLaunchArgument("autostart", default_value="", description="false: wait for ~/start."),
            DeclareLaunchArgument("site_file", default_value="", description="Of `mail_ros site init`: name, routes."),
            DeclareLaunchArgument("floor", default_value="", description="Label, stored in the bag: the floor."),
            DeclareLaunchArgument("route", default_value="", description="Label: the route of the site file."),
            DeclareLaunchArgument("direction", default_value="", description="Label: the direction along the route."),
            DeclareLaunchArgument("device", default_value="", description="Label: the sensor, or its platform's name."),
            DeclareLaunchArgument("platform", default_value="", description="Label: person or robot."),
            DeclareLaunchArgument("carrier", default_value="", description="Deprecated: renamed to platform."),
            DeclareLaunchArgument("split_size_mb", default_value="", description="Maximum size of a file, MB."),
            DeclareLaunchArgument("split_s", default_value="", description="Maximum duration of a file, s."),
            DeclareLaunchArgument("compression", default_value="", description="Compression of chunks: none, zstd."),
            DeclareLaunchArgument("min_free_space_mb", default_value="", description="Minimum free disk space."),
            DeclareLaunchArgument("namespace", default_value="", description="Namespace of the node and its topics."),
            DeclareLaunchArgument("params_file", default_value="", description="YAML with parameters of the node."),
            DeclareLaunchArgument("use_sim_time", default_value="false", description="true: time is that of /clock."),
            DeclareLaunchArgument("log_level", default_value="info", description="debug, info, warn, error or fatal."),
            OpaqueFunction(function=recorder),
        ]
    )


def recorder(context: LaunchContext) -> list[Node]:
    """The node, with the parameters that were given."""
    return [package_node(context, "mail_recorder", LaunchConfiguration("namespace"))]
