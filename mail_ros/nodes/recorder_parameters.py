"""What `mail_recorder` can be told; see `parameters.py`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from mail_ros.core.config import Range, Settings
from mail_ros.core.errors import ConfigError
from mail_ros.data.bag_writer import Splitting
from mail_ros.data.recording import MB, TakeOptions
from mail_ros.data.site_file import read_site
from mail_ros.nodes.parameters import described

LABELS = ("floor", "route", "direction", "device", "carrier")  # as of words, or of numbers: `route:=12`
SETTABLE = (*LABELS, "site_file")  # between two takes


@dataclass(frozen=True)
class RecorderParameters(Settings, prefix="parameter "):
    """Parameters of `mail_recorder`."""

    topics: tuple[str, ...] = described(
        (
            *("imu/mag", "imu/data", "odom", "joint_states", "tf", "tf_static", "reference_pose"),
            *("landmark", "clicked_point", "cmd_vel"),
        ),
        "Topics to record; relative names follow the namespace and remappings.",
    )
    out: str = described("bags", "Folder that bags are put into; made where it is missing.")
    prefix: str = described("walk", "A bag's name is this, then date and time of its start.")
    autostart: bool = described(True, "true: record from the start; false: wait for ~/start.")

    site_file: str = described(
        "", "The building's file, as `mail_ros site init` writes it: its name, and the routes that ~/mark passes."
    )
    floor: object = described("", "Label of the takes, kept in their bags: which floor. Labels may be left empty.")
    route: object = described(
        "",
        "Label: which way is walked; one of the routes of site_file, where it plans any: ~/mark passes its landmarks.",
    )
    direction: object = described("", "Label: which way along the route.")
    device: object = described("", "Label: which sensor, or what carries it.")
    carrier: object = described("", "Label: person or robot.")

    split_size_mb: Annotated[float, Range(0.0, 1e6)] = described(
        0.0, "A bag goes on in another file when one has so many MB; 0: never."
    )
    split_s: Annotated[float, Range(0.0, 1e6)] = described(
        0.0, "A bag goes on in another file after so many seconds; 0: never."
    )
    compression: Literal["none", "zstd"] = described("none", "none or zstd: of the chunks within the bag's files.")
    min_free_space_mb: Annotated[int, Range(0, 1e9)] = described(
        500, "Room to leave on the disk: no take begins with less, and one under way ends. Others need the disk too."
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
        if self.carrier not in ("", "person", "robot"):
            raise ConfigError(
                "parameter carrier", wanted="person or robot", found=repr(self.carrier), fix="change the setting"
            )

    @property
    def out_path(self) -> Path:
        """The folder of the bags; a leading ~ is the home folder."""
        return Path(self.out).expanduser()

    def take_options(self) -> TakeOptions:
        """What a take is made with.

        Raises:
            ConfigError: the site's file is not one, or does not have the route.
        """
        site = read_site(Path(self.site_file).expanduser()) if self.site_file else None
        labels = {"site": site.name if site else "", **{name: str(getattr(self, name)) for name in LABELS}}
        return TakeOptions(
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
        """What is done after the takes."""
        site = f" --site-file {shlex.quote(self.site_file)}" if self.site_file else ""
        return f"mail_ros check {shlex.quote(str(self.out_path))}/*{site} --coverage coverage"
