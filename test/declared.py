"""What the package's nodes can be told: the files around it are held against this."""

from __future__ import annotations

import dataclasses

from mail_ros.nodes.parameters import (
    DemoRobotParameters,
    FleetParameters,
    LocalizerParameters,
    ViewParameters,
)
from mail_ros.nodes.recorder_parameters import RecorderParameters

OF_EVERY_NODE = {"use_sim_time", "qos_overrides"}
PARAMETERS = {
    name: {field.name for field in dataclasses.fields(kind)} | OF_EVERY_NODE
    for name, kind in (
        ("mail_localizer", LocalizerParameters),
        ("mail_fleet", FleetParameters),
        ("mail_recorder", RecorderParameters),
        ("mail_demo_robot", DemoRobotParameters),
        ("mail_view", ViewParameters),
    )
}
