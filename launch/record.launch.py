"""The recorder alone: topics into a rosbag2 bag, named after date and time.

ros2 launch mail_ros record.launch.py out:=surveys topics:=imu/mag,landmark
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

TYPES = {"out": str, "prefix": str, "use_sim_time": bool}  # parameters that an argument sets as it is


def generate_launch_description() -> LaunchDescription:
    """An argument that is left empty leaves its parameter to the parameter file, or to the node's default."""
    return LaunchDescription(
        [
            DeclareLaunchArgument("topics", default_value="", description="Topics to record, with commas between."),
            DeclareLaunchArgument("out", default_value="", description="Folder that bags are put into."),
            DeclareLaunchArgument("prefix", default_value="", description="What a bag's name starts with."),
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
