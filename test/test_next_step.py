"""The next command: paths as they are, as one pattern only where that means these and no others, and quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from mail_ros.cli.next_step import gathered, say_next, told, words


@pytest.fixture
def bags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.chdir(tmp_path)
    names = [Path("bags") / f"route{route}_round{number}" for route in (1, 2) for number in (1, 2, 3)]
    for name in names:
        name.mkdir(parents=True)
    return names


def test_bags_are_gathered_where_a_pattern_means_them_and_no_others(bags: list[Path]) -> None:
    assert gathered(bags) == "bags/*"
    assert gathered(bags[:3]) == "bags/route1_round*"
    assert gathered(bags[::3]) == "bags/*_round1"
    assert gathered([bags[0], bags[1], bags[3], bags[4]]) == "bags/*_round1 bags/*_round2"
    assert gathered([bags[0], bags[5]]) == "bags/route1_round1 bags/route2_round3"
    assert gathered(bags[:1]) == "bags/route1_round1"
    assert gathered([bags[0], Path("other")]) == "bags/route1_round1 other"


def test_what_a_shell_would_take_apart_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = [Path("my bags") / name for name in ("a", "b")]
    for path in odd:
        path.mkdir(parents=True)
    assert gathered(odd) == "'my bags/a' 'my bags/b'"
    assert words("mail_ros", Path("it's")) == "mail_ros 'it'\"'\"'s'"


def test_how_bags_are_read_is_said_again() -> None:
    assert told("/imu/mag", "", None) == ()
    assert told("/mag", "/tf", None) == ("--topic", "/mag", "--truth", "/tf")
    assert told("/imu/mag", "", Path("robot.json")) == ("--robot", "robot.json")


def test_several_ways_to_go_on_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    say_next("mail_ros check", "mail_ros train")
    assert capsys.readouterr().out == "next: mail_ros check\n  or: mail_ros train\n"
