"""Floor plans as map_server has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL", reason="needs pillow: pip install 'mail_ros[view]'")

from mail_ros.core.errors import ConfigError
from mail_ros.view.plan import plans_of, read_plan


@pytest.fixture
def ground(tmp_path: Path) -> Path:
    (tmp_path / "ground.pgm").write_bytes(b"P5 4 2 255\n" + bytes(range(8)))
    (tmp_path / "ground.yaml").write_text("image: ground.pgm\nresolution: 0.5\norigin: [-1.0, 2.0, 0.0]\n")
    return tmp_path / "ground.yaml"


def test_a_plan_lies_where_its_origin_and_resolution_put_it(ground: Path) -> None:
    plan = read_plan(ground)
    np.testing.assert_array_equal(plan.image, np.arange(8).reshape(2, 4))
    assert (plan.low_m.tolist(), plan.high_m.tolist()) == ([-1.0, 2.0], [1.0, 3.0])


def test_a_plan_is_of_floor_0_or_of_the_floor_that_is_named(ground: Path) -> None:
    assert set(plans_of([str(ground), f"-1={ground}"])) == {0, -1}
    with pytest.raises(ConfigError, match=r"plan: wanted FILE, or FLOOR=FILE, found cellar=.*ground.yaml"):
        plans_of([f"cellar={ground}"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("image: none.pgm\nresolution: 0.5\norigin: [0, 0, 0]\n", "No such file"),
        ("resolution: 0.5\norigin: [0, 0, 0]\n", "image"),
        ("just words\n", "string indices"),
        ("image: ground.pgm\nresolution: 0.5\norigin: [0, 0, 1.5]\n", "1.5; turn the image"),
    ],
)
def test_a_file_that_is_no_plan_is_named(ground: Path, text: str, found: str) -> None:
    ground.write_text(text)
    with pytest.raises(ConfigError, match=found) as refused:
        read_plan(ground)
    assert str(ground) in str(refused.value)
