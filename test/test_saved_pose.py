"""Where a device was, over a restart: what is written is read, and what is not such a file is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mail_ros.core.errors import MailError
from mail_ros.core.localizer.saved_pose import MOVED_M2, read_pose, save_pose
from mail_ros.core.types import Estimate, Status

LAST = Estimate(123, np.array([4.0, -2.0]), np.array([[0.2, 0.1], [0.1, 0.3]]), -2, Status.LOCALIZED, ())


def test_a_place_comes_back_with_the_doubt_of_one_who_was_away(tmp_path: Path) -> None:
    path = tmp_path / "new" / "place.json"
    save_pose(path, LAST, "hall")
    place = read_pose(path, "hall")
    assert (place.map_frame, place.floor, place.stamp_ns) == ("hall", -2, 123)
    assert place.where_m == pytest.approx([4.0, -2.0])
    assert place.doubt_m2 == pytest.approx(LAST.covariance_m2 + MOVED_M2 * np.eye(2))
    save_pose(path, LAST, "hall")
    assert [file.name for file in path.parent.iterdir()] == ["place.json"]


def test_a_place_of_another_map_is_refused(tmp_path: Path) -> None:
    save_pose(tmp_path / "place.json", LAST, "hall")
    with pytest.raises(MailError, match=r"place.json: wanted a place in map, found one in hall; name another"):
        read_pose(tmp_path / "place.json", "map")


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "mail_ros.place/9"}', "\x00\xff"])
def test_what_is_no_such_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "place.json").write_text(text)
    with pytest.raises(MailError, match=r"wanted a file of mail_ros.place/1, found something else; delete it"):
        read_pose(tmp_path / "place.json", "map")


def test_a_place_with_a_number_too_few_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "place.json"
    save_pose(path, LAST, "map")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"position_m": [1.0]}))
    with pytest.raises(MailError, match="found something else"):
        read_pose(path, "map")


def test_where_nothing_can_be_written_the_reason_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MailError, match=r"wanted a place to write, found (Not a directory|File exists)"):
        save_pose(tmp_path / "file" / "place.json", LAST, "map")
