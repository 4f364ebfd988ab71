"""The reference describes the code as it is: its pages are those that the code writes, and the other pages agree."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from declared import OF_EVERY_NODE, PARAMETERS
from generator.fields import fields
from generator.formats import kept_kinds
from generator.nodes import node_kinds
from generator.pages import PAGES
from ros import ROOT
from verbs import verbs

from mail_ros.core.models.mail_config import MailConfig
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.nodes.parameters import RENAMED, FleetParameters

pytestmark = pytest.mark.docs


REFERENCE = ROOT / "docs" / "reference"
OF_ROS = {"~/get_state", "~/change_state"}  # which the generator leaves out
ELSEWHERE = {"/tf"}  # needs tf2_ros, which is only there with a ROS install


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_the_code_writes_it(name: str) -> None:
    assert PAGES[name]() == (REFERENCE / name).read_text(), "run `make reference`"


def test_there_is_no_page_that_nothing_writes() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(PAGES)


def test_every_verb_node_parameter_and_launch_file_is_found() -> None:
    """By other ways than the generator's own."""
    commands, parameters, launch = (REFERENCE.joinpath(name).read_text() for name in list(PAGES)[:1] + list(PAGES)[2:4])
    assert re.findall(r"^## `(mail_ros .+)`$", commands, re.MULTILINE) == [
        name for name in verbs() if name.startswith("mail_ros ")
    ]
    assert set(node_kinds()) == {path.name for path in (ROOT / "scripts").iterdir()}
    for node, names in PARAMETERS.items():
        section = parameters.partition(f"## `{node}`")[2].partition("\n## ")[0]
        assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == names - OF_EVERY_NODE - {*RENAMED.values()}
    assert all(f"## `{path.name}`" in launch for path in (ROOT / "launch").glob("*.launch.py"))


def test_a_field_has_its_comment_its_range_and_its_choices() -> None:
    rate, gradient, scales = fields(TimeSampling)[0], *(fields(MailConfig)[n] for n in (0, 3))
    assert (rate.kind, rate.default, rate.allowed) == ("number", 50.0, "1 to 1000")
    assert rate.comment == "samples are resampled to this rate first"
    assert scales.allowed == "0.001 to 600"
    assert gradient.allowed == "`lag`, `first`, `mean`"


def test_a_range_is_that_of_the_last_class_and_its_bases() -> None:
    allowed = {one.name: one.allowed for one in fields(FleetParameters)}
    assert (allowed["stride_s"], allowed["max_robots"]) == ("0.001 to 3600", "1 to 10000")


def test_every_kept_file_has_its_format() -> None:
    formats = [field.default for kind in kept_kinds() for field in fields(kind) if field.name == "format"]
    assert "mail_ros/2" in formats
    assert len(set(formats)) == len(formats)
    assert all(re.fullmatch(r"mail_ros(\.\w+)?/\d+", str(one)) for one in formats)


def test_docs_ros_md_explains_every_topic_and_service_and_no_other() -> None:
    names = r"`((?:~|/)?[a-z_]+(?:/[a-z_]+)?|/diagnostics)`"
    live = set(re.findall(rf"^\| {names} \|", PAGES["topics.md"](), re.MULTILINE))
    table = (ROOT / "docs" / "ros.md").read_text().partition("| node | topic | type |")[2].partition("\n\n")[0]
    cells = [line.split("|")[2] for line in table.splitlines()[2:]]
    explained = {name for cell in cells for name in re.findall(names, cell)} - {"topics"}
    own = {name for name in live if not name.startswith("mail_localizer/")}  # what others hear of it
    assert explained - OF_ROS - ELSEWHERE - {"mail_localizer"} == own
