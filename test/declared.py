"""Parameters of the package's nodes; other files are checked against them."""

from __future__ import annotations

import dataclasses

from mail_ros.nodes.parameters import (
    RENAMED,
    DemoRobotParameters,
    FleetParameters,
    LocalizerParameters,
    ViewParameters,
)
from mail_ros.nodes.recorder_parameters import RecorderParameters

OF_EVERY_NODE = {"use_sim_time", "qos_overrides"}
PARAMETERS = {
    name: {known for field in dataclasses.fields(kind) for known in (field.name, RENAMED.get(field.name, field.name))}
    | OF_EVERY_NODE
    for name, kind in (
        ("mail_localizer", LocalizerParameters),
        ("mail_fleet", FleetParameters),
        ("mail_recorder", RecorderParameters),
        ("mail_demo_robot", DemoRobotParameters),
        ("mail_view", ViewParameters),
    )
}
