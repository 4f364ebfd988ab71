"""Augmentation: what it changes, what it leaves, and that a seed decides it."""

import pytest
import torch

from mail_ros.core.errors import ConfigError
from mail_ros.training.augment import Draws, augment
from mail_ros.training.run_config import AugmentConfig

FIELD_UT = torch.randn(200, 50, 3, generator=torch.Generator().manual_seed(1)) * 20 + torch.tensor([10.0, -20.0, 30.0])


def drawn(config: AugmentConfig, seed: int = 0) -> torch.Tensor:
    return augment(FIELD_UT, config, draws(slice(None), seed))


def draws(rows: slice, seed: int = 0) -> Draws:
    return Draws(torch.Generator().manual_seed(seed), len(FIELD_UT), rows)


def test_nothing_asked_nothing_changed() -> None:
    assert torch.allclose(drawn(AugmentConfig(tilt_deg=0, soft_iron=0, noise_ut=0)), FIELD_UT, atol=1e-5)


def test_a_tilt_keeps_the_x_axis_and_the_strength_of_the_field() -> None:
    tilted = drawn(AugmentConfig(tilt_deg=20, soft_iron=0, noise_ut=0))
    assert torch.allclose(tilted[..., 0], FIELD_UT[..., 0], atol=1e-4)
    assert torch.allclose(tilted.norm(dim=-1), FIELD_UT.norm(dim=-1), atol=1e-3)
    was, now = (torch.atan2(each[:, 0, 2], each[:, 0, 1]) for each in (FIELD_UT, tilted))
    turned_deg = torch.rad2deg(torch.atan2((now - was).sin(), (now - was).cos()))
    assert float(turned_deg.std()) == pytest.approx(20.0, rel=0.2)
    assert float(turned_deg.mean()) == pytest.approx(0.0, abs=5.0)


def test_noise_is_up_to_what_was_asked_and_differs_by_window() -> None:
    noise_ut = (drawn(AugmentConfig(tilt_deg=0, soft_iron=0, noise_ut=2)) - FIELD_UT).std(dim=(1, 2))
    assert float(noise_ut.max()) < 2.5
    assert float(noise_ut.min()) < 0.2
    assert float(noise_ut.mean()) == pytest.approx(1.0, rel=0.2)


def test_soft_iron_mixes_axes_by_its_share() -> None:
    change = drawn(AugmentConfig(tilt_deg=0, soft_iron=0.05, noise_ut=0)) - FIELD_UT
    assert float(change.norm(dim=-1).div(FIELD_UT.norm(dim=-1)).mean()) == pytest.approx(0.05 * 3**0.5, rel=0.3)


def test_a_seed_decides_all() -> None:
    assert torch.equal(drawn(AugmentConfig(), seed=3), drawn(AugmentConfig(), seed=3))
    assert not torch.equal(drawn(AugmentConfig(), seed=3), drawn(AugmentConfig(), seed=4))


def test_some_rows_of_a_batch_are_changed_as_they_are_in_the_whole() -> None:
    config, rows = AugmentConfig(soft_iron=0.05), slice(30, 70)
    assert torch.allclose(augment(FIELD_UT[rows], config, draws(rows)), drawn(config)[rows], atol=1e-5)


def test_an_impossible_tilt_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"augment\.tilt_deg: wanted 0 to 180, found -1"):
        AugmentConfig(tilt_deg=-1)
