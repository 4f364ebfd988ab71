"""The last pose of a device, over a restart: a written file is read, and any other file is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mail_ros.core.errors import MailError
from mail_ros.core.localizer.saved_pose import MOVED_M2, read_pose, save_pose
from mail_ros.core.types import Estimate, Status

LAST = Estimate(123, np.array([4.0, -2.0]), np.array([[0.2, 0.1], [0.1, 0.3]]), -2, Status.LOCALIZED, ())


def test_a_pose_comes_back_with_a_wider_covariance(tmp_path: Path) -> None:
    path = tmp_path / "new" / "pose.json"
    save_pose(path, LAST, "hall")
    pose = read_pose(path, "hall")
    assert (pose.map_frame, pose.floor, pose.stamp_ns) == ("hall", -2, 123)
    assert pose.mean_m == pytest.approx([4.0, -2.0])
    assert pose.prior_covariance_m2 == pytest.approx(LAST.covariance_m2 + MOVED_M2 * np.eye(2))
    save_pose(path, LAST, "hall")
    assert [file.name for file in path.parent.iterdir()] == ["pose.json"]


def test_a_pose_in_another_map_is_refused(tmp_path: Path) -> None:
    save_pose(tmp_path / "pose.json", LAST, "hall")
    with pytest.raises(MailError, match=r"pose.json: wanted a pose in map, found one in hall; name another"):
        read_pose(tmp_path / "pose.json", "map")


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "mail_ros.place/9"}', "\x00\xff"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pose.json").write_text(text)
    with pytest.raises(MailError, match=r"wanted a file of mail_ros.place/1, found something else; delete it"):
        read_pose(tmp_path / "pose.json", "map")


def test_a_pose_with_a_missing_number_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pose.json"
    save_pose(path, LAST, "map")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"position_m": [1.0]}))
    with pytest.raises(MailError, match="found something else"):
        read_pose(path, "map")


def test_an_error_of_writing_names_its_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MailError, match=r"wanted a place to write, found (Not a directory|File exists)"):
        save_pose(tmp_path / "file" / "pose.json", LAST, "map")
