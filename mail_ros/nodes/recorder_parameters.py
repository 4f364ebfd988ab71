"""Parameters of `mail_recorder`; see `parameters.py`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from mail_ros.core.config import Range, Settings
from mail_ros.core.errors import ConfigError
from mail_ros.data.bag_writer import Splitting
from mail_ros.data.recording import MB, RecordingOptions
from mail_ros.data.site_file import read_site, site_notes
from mail_ros.nodes.parameters import described

LABELS = ("floor", "route", "direction", "device", "platform")  # words or numbers: `route:=12`
SETTABLE = (*LABELS, "site_file")  # between two recordings


@dataclass(frozen=True)
class RecorderParameters(Settings, prefix="parameter "):
    """Parameters of `mail_recorder`."""

    topics: tuple[str, ...] = described(
        (
            *("imu/mag", "imu/data", "odom", "joint_states", "/tf", "/tf_static", "reference_pose"),
            *("landmark", "clicked_point", "cmd_vel"),
        ),
        "Topics to record; relative names follow the namespace and remappings.",
    )
    out: str = described("bags", "Folder of the bags; created if missing.")
    prefix: str = described("walk", "Prefix of the bags' names; date and time of the start follow.")
    autostart: bool = described(True, "true: record from the start; false: wait for ~/start.")

    site_file: str = described("", "Site file of `mail_ros site init`: name, and routes for ~/mark.")
    floor: object = described("", "Label, stored in each bag: the floor. Labels may be empty.")
    route: object = described(
        "", "Label: the route; a route of site_file, where it has any: ~/mark passes its landmarks."
    )
    direction: object = described("", "Label: the direction along the route.")
    device: object = described("", "Label: the sensor, or the name of its platform.")
    platform: object = described("", "Label: person or robot.")

    split_size_mb: Annotated[float, Range(0.0, 1e6)] = described(
        0.0, "Maximum size of a file of the bag, in MB; 0: unlimited."
    )
    split_s: Annotated[float, Range(0.0, 1e6)] = described(
        0.0, "Maximum duration of a file of the bag, in seconds; 0: unlimited."
    )
    compression: Literal["none", "zstd"] = described(
        "none", "Compression of chunks within the bag's files: none or zstd."
    )
    min_free_space_mb: Annotated[int, Range(0, 1e9)] = described(
        500, "Free disk space, in MB, below which recording refuses to start and a running one is closed cleanly."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.topics or not all(self.topics):
            raise ConfigError(
                "parameter topics",
                wanted="a list of topics",
                found=repr(self.topics),
                fix="give one, as in -p topics:=\"['imu/mag']\"",
            )
        for name in ("out", "prefix"):
            if not getattr(self, name):
                raise ConfigError(f"parameter {name}", wanted="a name", found="nothing", fix="give one or leave it out")
        if "/" in self.prefix:
            raise ConfigError(
                "parameter prefix", wanted="a name without /", found=self.prefix, fix="put folders into out"
            )
        for name in LABELS:
            if not isinstance(label := getattr(self, name), str | int | float):
                raise ConfigError(f"parameter {name}", wanted="a word", found=repr(label), fix="correct the value")
        if self.platform not in ("", "person", "robot"):
            raise ConfigError(
                "parameter platform", wanted="person or robot", found=repr(self.platform), fix="change the setting"
            )

    @property
    def out_path(self) -> Path:
        """The folder of the bags; a leading ~ is the home folder."""
        return Path(self.out).expanduser()

    def recording_options(self) -> RecordingOptions:
        """Destination and format of a recording.

        Raises:
            ConfigError: the site file is not valid, or lacks the route.
        """
        site = read_site(Path(self.site_file).expanduser()) if self.site_file else None
        labels = site_notes(site) if site else {}
        labels |= {name: str(getattr(self, name)) for name in LABELS}
        return RecordingOptions(
            self.out_path,
            self.prefix,
            {name: label for name, label in labels.items() if label},
            Splitting(round(self.split_size_mb * MB), self.split_s),
            self.compression,
            self.min_free_space_mb,
            site.route(labels["route"]) if site else None,
        )

    @property
    def next_command(self) -> str:
        """The command that follows the recordings."""
        site = f" --site-file {shlex.quote(self.site_file)}" if self.site_file else ""
        return f"mail_ros check {shlex.quote(str(self.out_path))}/*{site} --coverage coverage"
