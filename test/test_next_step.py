"""The next command: paths as they are, as one pattern only where that means these and no others, and quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from mail_ros.cli.next_step import bag_arguments, bag_options, print_next, quoted, reading_options
from mail_ros.data.bag_topics import BagTopics


@pytest.fixture
def bags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.chdir(tmp_path)
    names = [Path("bags") / f"route{route}_round{number}" for route in (1, 2) for number in (1, 2, 3)]
    for name in names:
        name.mkdir(parents=True)
    return names


def test_bags_are_gathered_where_a_pattern_means_them_and_no_others(bags: list[Path]) -> None:
    assert bag_arguments(bags) == "bags/*"
    assert bag_arguments(bags[:3]) == "bags/route1_round*"
    assert bag_arguments(bags[::3]) == "bags/*_round1"
    (bags[0].parent / "other_round1").mkdir()
    assert bag_arguments(bags[::3]) == "bags/route*_round1"
    (bags[0].parent / "other_round1").rmdir()
    assert bag_arguments([bags[0], bags[1], bags[3], bags[4]]) == "bags/*_round1 bags/*_round2"
    assert bag_arguments([bags[0], bags[5]]) == "bags/route1_round1 bags/route2_round3"
    assert bag_arguments(bags[:1]) == "bags/route1_round1"
    assert bag_arguments([bags[0], Path("other")]) == "bags/route1_round1 other"


def test_an_option_of_bags_is_repeated_with_a_quoted_pattern(bags: list[Path]) -> None:
    assert bag_options("--survey", [bags[0], bags[1], bags[3], bags[4]]) == (
        "--survey 'bags/*_round1' --survey 'bags/*_round2'"
    )
    assert bag_options("--survey", [bags[0], bags[5]]) == "--survey bags/route1_round1 --survey bags/route2_round3"


def test_what_a_shell_would_take_apart_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = [Path("my bags") / name for name in ("a", "b")]
    for path in odd:
        path.mkdir(parents=True)
    assert bag_arguments(odd) == "'my bags/a' 'my bags/b'"
    assert quoted("mail_ros", Path("it's")) == "mail_ros 'it'\"'\"'s'"


def test_options_that_differ_from_their_defaults_are_repeated() -> None:
    assert reading_options(BagTopics(), None) == ()
    assert reading_options(BagTopics("/mag", "/tf"), None) == ("--topic", "/mag", "--truth", "/tf")
    named = BagTopics(odometry="/wheel/odom", namespace="robot1")
    assert reading_options(named, None) == ("--odom", "/wheel/odom", "--namespace", "robot1")
    assert reading_options(BagTopics(), Path("robot.json")) == ("--robot", "robot.json")


def test_alternatives_are_labelled(capsys: pytest.CaptureFixture[str]) -> None:
    print_next("mail_ros check", "mail_ros train")
    assert capsys.readouterr().out == "next: mail_ros check\n  or: mail_ros train\n"
