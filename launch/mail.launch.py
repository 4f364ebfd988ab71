"""The front door: the localizer, and optionally recorder, RViz and the live view.

ros2 launch mail_ros mail.launch.py model:=site.safetensors record:=true rviz:=true
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, ThisLaunchFileDir

from mail_ros.nodes.launching import check, is_true, scoped

RECORDING = (
    *("topics", "out", "prefix", "site_file", "floor", "route", "direction", "device", "platform", "carrier"),
    *("split_size_mb", "split_s", "compression", "min_free_space_mb"),
)
SHARED = ("namespace", "use_sim_time", "log_level")


def generate_launch_description() -> LaunchDescription:
    """An argument that is left empty leaves its parameter to the parameter file, or to the node's default."""
    return scoped(
        [
            DeclareLaunchArgument("model", default_value="", description="Model file, written by `mail_ros train`."),
            DeclareLaunchArgument("tracker", default_value="", description="Tracker: auto, none, walking or odometry."),
            DeclareLaunchArgument("robot_file", default_value="", description="Written by `mail_ros calibrate`."),
            DeclareLaunchArgument("autostart", default_value="", description="false: wait for a lifecycle manager."),
            DeclareLaunchArgument("record", default_value="false", description="true: record a bag as well."),
            DeclareLaunchArgument("topics", default_value="", description="Topics to record, with commas between."),
            DeclareLaunchArgument("out", default_value="", description="Folder of the bags."),
            DeclareLaunchArgument("prefix", default_value="", description="Prefix of the bags' names."),
            DeclareLaunchArgument(
                "site_file", default_value="", description="Of `mail_ros site init`: name, routes, plans."
            ),
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
            DeclareLaunchArgument("rviz", default_value="false", description="true: start RViz as well."),
            DeclareLaunchArgument("fixed_frame", default_value="map", description="Frame of the shown floor."),
            DeclareLaunchArgument("view", default_value="false", description="true: the live view (docs/view.md)."),
            DeclareLaunchArgument("namespace", default_value="", description="Namespace of nodes and their topics."),
            DeclareLaunchArgument("params_file", default_value="", description="YAML with parameters of the nodes."),
            DeclareLaunchArgument("use_sim_time", default_value="false", description="true: time is that of /clock."),
            DeclareLaunchArgument("log_level", default_value="info", description="debug, info, warn, error or fatal."),
            # First: an error after a node has started would leave that node behind.
            OpaqueFunction(function=check_arguments),
            include("rviz", ("fixed_frame",), IfCondition(LaunchConfiguration("rviz"))),
            include("view", ("site_file",), IfCondition(LaunchConfiguration("view"))),
            include("localize", ("model", "tracker", "robot_file", "autostart", "params_file")),
            # record:=true records at once, even if the localizer waits for its manager.
            include(
                "record", (*RECORDING, "params_file"), IfCondition(LaunchConfiguration("record")), autostart="true"
            ),
        ]
    )


def check_arguments(context: LaunchContext) -> None:
    """Check those of all nodes before the first one starts."""
    check(context, "mail_localizer", "mail_recorder", "mail_view", "rviz2")
    for name in ("record", "rviz", "view"):
        is_true(context, name)


def include(
    name: str, arguments: tuple[str, ...], condition: IfCondition | None = None, **given: str
) -> IncludeLaunchDescription:
    """A launch file of the same folder, with its own arguments, the shared ones, and the given ones."""
    forwarded = [(argument, LaunchConfiguration(argument)) for argument in (*arguments, *SHARED)]
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource([ThisLaunchFileDir(), f"/{name}.launch.py"]),
        launch_arguments=[*forwarded, *given.items()],
        condition=condition,
    )
