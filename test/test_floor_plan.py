"""Floor plans: pixels mean what map_server takes them for, and lie where it puts them, also turned."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mail_ros.core.errors import ConfigError
from mail_ros.data import plan_image
from mail_ros.data.floor_plan import MAX_DRAWN, FloorPlan, floor_plans, read_floor_plan
from mail_ros.data.plan_image import FREE, OCCUPIED, UNKNOWN
from mail_ros.data.site_file import SiteFile

SAVED = {
    "image": "plan.pgm",
    "resolution": 0.5,
    "origin": [-10.0, 4.0, 0.0],
    "negate": 0,
    "occupied_thresh": 0.65,
    "free_thresh": 0.25,
}
TONES = [[254, 205, 0], [100, 50, 255]]  # 100 and 205 lie between the thresholds


def plan(folder: Path, pixels: object = TONES, kind: Any = np.uint8, **changes: object) -> FloorPlan:
    """A plan as map_saver writes it, read again."""
    content = {**SAVED, **changes}
    file = folder / str(content["image"])
    Image.fromarray(np.asarray(pixels, kind)).save(file)
    (folder / "plan.yaml").write_text("\n".join(f"{key}: {value}" for key, value in content.items()))
    return read_floor_plan(folder / "plan.yaml")


@pytest.mark.parametrize("image", ["plan.pgm", "plan.png"])
def test_a_saved_map_is_read(tmp_path: Path, image: str) -> None:
    read = plan(tmp_path, image=image)
    assert read.image.tolist() == [[FREE, FREE, OCCUPIED], [UNKNOWN, OCCUPIED, FREE]]
    assert read.extent_m == (-10.0, -8.5, 4.0, 5.0)


def test_negate_swaps_black_and_white(tmp_path: Path) -> None:
    read = plan(tmp_path, negate=1)
    assert read.image.tolist() == [[OCCUPIED, OCCUPIED, FREE], [UNKNOWN, FREE, OCCUPIED]]
    assert plan(tmp_path, negate="true").image.tolist() == read.image.tolist()


def test_mode_scale_keeps_tones_between_the_thresholds(tmp_path: Path) -> None:
    (top, bottom) = plan(tmp_path, mode="scale", occupied_thresh=1.0, free_thresh=0.0).image.tolist()
    assert top == [254, 205, 0]
    assert bottom == [100, 50, 255]


def test_mode_raw_takes_pixels_as_percent(tmp_path: Path) -> None:
    assert plan(tmp_path, [[0, 50, 100, 101, 255]], mode="raw").image.tolist() == [[255, 128, 0, UNKNOWN, UNKNOWN]]


def test_transparency_is_unknown_in_mode_scale_and_one_more_colour_in_trinary(tmp_path: Path) -> None:
    rgba = [[[255, 255, 255, 255], [255, 255, 255, 0], [0, 0, 0, 255]]]
    assert plan(tmp_path, rgba, image="p.png", mode="scale").image.tolist() == [[FREE, UNKNOWN, OCCUPIED]]
    assert plan(tmp_path, rgba, image="p.png", free_thresh=0.2).image.tolist() == [[FREE, UNKNOWN, OCCUPIED]]


def test_sixteen_bits_and_colours_are_read(tmp_path: Path) -> None:
    assert plan(tmp_path, [[65535, 0]], np.uint16, image="p.png").image.tolist() == [[FREE, OCCUPIED]]
    assert plan(tmp_path, [[[255, 0, 0], [255, 255, 240]]], image="p.png").image.tolist() == [[OCCUPIED, FREE]]


def test_a_quarter_turn_lies_left_of_its_origin(tmp_path: Path) -> None:
    """Anticlockwise about the lower left corner: what was right is up."""
    read = plan(tmp_path, origin=[-10.0, 4.0, np.pi / 2])
    assert read.image.tolist() == np.rot90([[FREE, FREE, OCCUPIED], [UNKNOWN, OCCUPIED, FREE]]).tolist()
    np.testing.assert_allclose(read.extent_m, (-11.0, -10.0, 4.0, 5.5))


def test_a_slight_turn_keeps_places(tmp_path: Path) -> None:
    """A wall's pixel is where the rotation puts it; corners that are new are unknown."""
    pixels = np.full((40, 60), 254)
    pixels[10, 50] = 0  # 29.5 pixels above the lower edge, 50.5 right of the left one
    read = plan(tmp_path, pixels, origin=[1.0, 2.0, 0.3])
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    wall_m = np.array([1.0, 2.0]) + 0.5 * turn @ [50.5, 29.5]
    rows, columns = np.nonzero(read.image == OCCUPIED)
    found_m = read.low_m + 0.5 * np.column_stack([columns + 0.5, read.image.shape[0] - rows - 0.5])
    assert np.abs(found_m - wall_m).max() < 0.5
    assert read.image[0, 0] == UNKNOWN


def test_what_is_known_is_framed(tmp_path: Path) -> None:
    pixels = np.full((10, 20), 205)
    pixels[2:5, 3:9] = 0
    low_m, high_m = plan(tmp_path, pixels, origin=[0, 0, 0], free_thresh=0.1).known_m
    assert (low_m.tolist(), high_m.tolist()) == ([1.5, 2.5], [4.5, 4.0])
    low_m, high_m = plan(tmp_path, [[205, 205]], origin=[0, 0, 0], free_thresh=0.1).known_m
    assert (low_m.tolist(), high_m.tolist()) == ([0.0, 0.0], [1.0, 0.5])


def test_as_a_background_it_is_light(tmp_path: Path) -> None:
    read = plan(tmp_path)
    assert read.faded.min() > 150
    assert read.faded.max() == 255
    assert read.faded_png().startswith(b"\x89PNG")


@pytest.mark.process
@pytest.mark.slow
def test_a_large_plan_is_a_byte_a_pixel(tmp_path: Path) -> None:
    """20,000 x 13,000 pixels are over PIL's own limit, and took 40 bytes each. The rest of the process is 150 MB."""
    code = (
        "from pathlib import Path; from PIL import Image; Image.MAX_IMAGE_PIXELS = None\n"
        "from mail_ros.data.floor_plan import read_floor_plan\n"
        "plan = read_floor_plan(Path('plan.yaml'))\n"
        "print(plan.image.shape, plan.image.nbytes, plan.known_m[1].tolist(), max(plan.faded.shape))\n"
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    plan(tmp_path)
    with (tmp_path / "plan.pgm").open("wb") as file:
        file.write(b"P5 20000 13000 255\n" + bytes([254]))
        file.truncate(19 + 20_000 * 13_000)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    shape, memory_kb = done.stdout.splitlines()  # getrusage has the largest of this process, too
    assert shape == "(13000, 20000) 260000000 [9990.0, 6504.0] 4000"
    assert int(memory_kb) < 1000 * (150 + 3 * 260)


def test_a_plan_that_is_too_large_is_refused_with_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_image, "MAX_BYTES", 1000)
    assert plan(tmp_path, np.full((20, 50), 254)).image.shape == (20, 50)
    with pytest.raises(ConfigError, match=r"at most 0 million pixels of mode L, found 51 x 20 pixels; save it"):
        plan(tmp_path, np.full((20, 51), 254))
    with pytest.raises(ConfigError, match=r"of mode RGB, found 50 x 20 pixels; .* resolution, or as 8-bit grey"):
        plan(tmp_path, np.full((20, 50, 3), 254), image="p.png")
    with pytest.raises(ConfigError, match=r"plan.yaml: wanted at most .* found 50 x 50 pixels"):
        plan(tmp_path, np.full((20, 50), 254), origin=[0.0, 0.0, 0.785398])


def test_strips_are_one_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tones = np.random.default_rng(0).integers(0, 256, (23, 17, 4))
    whole = {mode: plan(tmp_path, tones, image="p.png", mode=mode).image for mode in plan_image.MODES}
    monkeypatch.setattr(plan_image, "STRIP_PIXELS", 40)
    for mode, image in whole.items():
        assert np.array_equal(plan(tmp_path, tones, image="p.png", mode=mode).image, image)


def test_a_picture_of_a_large_plan_keeps_its_walls() -> None:
    image = np.full((3 * MAX_DRAWN, 10), FREE, np.uint8)
    image[5000] = OCCUPIED
    drawn = FloorPlan(image, np.zeros(2), np.ones(2)).drawn
    assert drawn.shape == (MAX_DRAWN, 10)
    assert (drawn == OCCUPIED).all(axis=1).sum() == 1


def test_the_plans_of_a_site_are_those_that_it_names(tmp_path: Path) -> None:
    plan(tmp_path)
    assert list(floor_plans(SiteFile("museum", (0, 1), {1: tmp_path / "plan.yaml"}))) == [1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resolution": 0}, "plan.yaml, resolution: wanted 0 to 1000 m per pixel, found 0; correct it"),
        ({"resolution": "fine"}, "resolution: wanted 0 to 1000 m per pixel, found 'fine'"),
        ({"resolution": 1e308}, "resolution: wanted 0 to 1000 m per pixel, found 1e.308"),
        ({"origin": [1e300, 0, 0]}, "origin: wanted x and y in metres, and yaw in radians"),
        ({"origin": [0, 0]}, r"origin: wanted x and y in metres, and yaw in radians, found \[0, 0\]"),
        ({"origin": [0, 0, ".nan"]}, "origin: wanted x and y in metres, and yaw in radians"),
        ({"negate": 2}, "negate: wanted 0 or 1, found 2"),
        ({"occupied_thresh": 65}, "occupied_thresh: wanted a fraction from 0 to 1, found 65"),
        (
            {"free_thresh": 0.7},
            "free_thresh: wanted less than occupied_thresh, 0.65, found 0.7; as in free_thresh: 0.25",
        ),
        ({"mode": "colour"}, "mode: wanted trinary or scale or raw, found 'colour'"),
    ],
)
def test_what_map_server_would_not_take_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        plan(tmp_path, **changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "site: museum",
            "plan.yaml: wanted image, resolution, .*, found no image, resolution, .*; add it, as map_saver",
        ),
        ("P5 2 2 255", "plan.yaml: wanted a floor plan as map_server's YAML, found 'P5 2 2 255'; name the .yaml that"),
        ("{", "plan.yaml: wanted a floor plan as map_server's YAML, found .*; correct the file"),
    ],
)
def test_what_is_no_yaml_of_a_map_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_floor_plan(tmp_path / "plan.yaml")


def test_an_image_that_is_none_is_refused(tmp_path: Path) -> None:
    plan(tmp_path)
    (tmp_path / "plan.pgm").write_text("no image")
    with pytest.raises(
        ConfigError, match=r"plan.pgm: wanted the image that .*plan.yaml names, as PGM or PNG, found cannot"
    ):
        read_floor_plan(tmp_path / "plan.yaml")
    (tmp_path / "plan.pgm").write_bytes(b"P5 9 9 255\n12")
    with pytest.raises(ConfigError, match=r"plan.pgm: wanted the image that "):
        read_floor_plan(tmp_path / "plan.yaml")
    (tmp_path / "plan.pgm").unlink()
    with pytest.raises(ConfigError, match="found no such file; put it there, or correct `image`"):
        read_floor_plan(tmp_path / "plan.yaml")
    with pytest.raises(ConfigError, match=r"none.yaml: wanted a floor plan as map_server's YAML, found No such file"):
        read_floor_plan(tmp_path / "none.yaml")
