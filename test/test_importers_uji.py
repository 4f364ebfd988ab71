"""UJIIndoorLoc-Mag: legs become landmarks; what is no continuous walk is refused with the reason."""

from pathlib import Path

import pytest
from imported_bags import import_file

from mail_ros.core.errors import BagError
from mail_ros.data.bag import read_track
from mail_ros.data.importers.uji import UJI_ORIGIN, read_uji

NORTH = 0.0001  # degrees: 11.12 m


def reading(number: int, step_ms: int = 100) -> str:
    return f"{1_400_000_000_000 + number * step_ms} {20 + number} -5.5 -40.25 0.1 0.2 9.8 12.0 -3.0 1.0"


def leg(south: float, north: float, first: int, last: int) -> str:
    return f"{39.9935 + south} -0.0690 {39.9935 + north} -0.0690 {first} {last}"


def text(readings: list[str], *legs: str) -> str:
    return "\n".join([*readings, f"<{len(legs)}>", *legs, ""])


READINGS = [reading(n) for n in range(21)]
WALK = text(READINGS, leg(0, NORTH, 0, 10), leg(NORTH, 3 * NORTH, 10, 20))


def write(folder: Path, content: str = WALK) -> Path:
    path = folder / "l01" / "l01_01.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return path


def test_a_file_becomes_a_walk(tmp_path: Path) -> None:
    walk = read_uji(write(tmp_path), UJI_ORIGIN)
    assert (walk.name, walk.notes["route"]) == ("l01_01", "l01")
    assert walk.stamp_ns[[0, 1]].tolist() == [1_400_000_000_000_000_000, 1_400_000_000_100_000_000]
    assert walk.field_ut[3].tolist() == [23, -5.5, -40.25]
    assert [mark.stamp_ns for mark in walk.landmarks] == walk.stamp_ns[[0, 10, 20]].tolist()  # corners count once
    assert [mark.position_m[1] for mark in walk.landmarks] == pytest.approx([0, 11.12, 33.36], abs=0.01)
    assert walk.imu is None


def test_a_leg_that_ends_at_the_number_of_readings_ends_with_the_last(tmp_path: Path) -> None:
    walk = read_uji(write(tmp_path, text(READINGS, leg(0, NORTH, 0, 21))), UJI_ORIGIN)
    assert walk.landmarks[-1].stamp_ns == walk.stamp_ns[-1]


def test_the_bag_labels_every_reading_of_a_leg(tmp_path: Path) -> None:
    track = read_track(import_file("uji", write(tmp_path), tmp_path / "bags"))
    assert track.valid.all()
    assert track.position_m[[0, 5, 15], 1] == pytest.approx([0, 5.56, 22.24], abs=0.01)


def test_a_pause_between_two_legs_is_a_stand(tmp_path: Path) -> None:
    legs = (leg(0, NORTH, 0, 10), leg(NORTH, 3 * NORTH, 15, 20))
    track = read_track(
        import_file("uji", write(tmp_path, text([reading(n) for n in range(21)], *legs)), tmp_path / "bags")
    )
    assert track.paused[11:15].all()
    assert not track.paused[:10].any()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\n".join(READINGS), "wanted readings, a line as <2>.*found 21 readings, no such line.*single captures"),
        (text(READINGS, leg(0, NORTH, 0, 10)).replace("<1>", "<2>"), "found 21 readings, <2>, 1 legs"),
        (text([*READINGS[:3], "1 2 oops"], leg(0, NORTH, 0, 2)), "line 4: wanted 10 numbers, found 1 2 oops"),
        (text(READINGS, "1 2 3"), "line 23: wanted 6 numbers, found 1 2 3"),
        (text(READINGS, leg(0, NORTH, 0, 22)), "line 23: wanted first and last reading of 0 to 20, found 0 to 22"),
        (
            text(READINGS, leg(0, NORTH, 0, 10), leg(3 * NORTH, 2 * NORTH, 10, 20)),
            "line 24: wanted a leg that starts where and when .* one continuous walk, found 22.2 m and 0 s from it",
        ),
        (text(READINGS, leg(0, NORTH, 8, 18), leg(NORTH, 0, 2, 6)), "one continuous walk, found 0.0 m and -1.6 s"),
        (
            text([*READINGS[:5], *READINGS[19:]], leg(0, NORTH, 0, 6)),
            "line 6: wanted a reading at most 1 s after .* continuous walk, found 1.5 s",
        ),
        (
            text([reading(n, 1) for n in range(9)], leg(0, NORTH, 0, 8)),
            "wanted times in ms, 20 to 200 apart, found .*1;",
        ),
        (text(READINGS, "4864745 -7695.9 4864750 -7695.9 0 10"), "wanted latitude and longitude in degrees, found 4.8"),
    ],
)
def test_what_is_no_continuous_walk_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(BagError, match=message):
        import_file("uji", write(tmp_path, content), tmp_path / "bags")
    assert not (tmp_path / "bags").exists()
