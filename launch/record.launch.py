"""The recorder alone: topics into rosbag2 bags, named after date and time.

ros2 launch mail_ros record.launch.py out:=surveys site_file:=museum.yaml route:=12 device:=robot_7 platform:=robot
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

LABELS = ("floor", "route", "direction", "device", "platform", "carrier")
TYPES = {  # parameters that an argument sets
    **{"out": str, "prefix": str, "autostart": bool, "use_sim_time": bool, "compression": str, "site_file": str},
    **{"split_size_mb": float, "split_s": float, "min_free_space_mb": int},
    **dict.fromkeys(LABELS, str),
}


def generate_launch_description() -> LaunchDescription:
    """An argument that is left empty leaves its parameter to the parameter file, or to the node's default."""
    return LaunchDescription(
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
            DeclareLaunchArgument("use_sim_time", default_value="", description="true: time is that of /clock."),
            DeclareLaunchArgument("log_level", default_value="info", description="debug, info, warn, error or fatal."),
            OpaqueFunction(function=recorder),
        ]
    )


def recorder(context: LaunchContext) -> list[Node]:
    """The node, with the parameters that were given."""
    given = [name for name in TYPES if LaunchConfiguration(name).perform(context)]
    params_file = LaunchConfiguration("params_file").perform(context)
    topics = LaunchConfiguration("topics").perform(context)
    return [
        Node(
            package="mail_ros",
            executable="mail_recorder",
            name="mail_recorder",
            namespace=LaunchConfiguration("namespace"),
            parameters=[
                *([params_file] if params_file else []),
                *([{"topics": topics.split(",")}] if topics else []),
                {name: ParameterValue(LaunchConfiguration(name), value_type=TYPES[name]) for name in given},
            ],
            ros_arguments=["--log-level", LaunchConfiguration("log_level")],
            output="screen",
        )
    ]
