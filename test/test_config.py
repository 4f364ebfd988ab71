"""Settings: one place, checked, and refused by their full name."""

import pytest

from mail_ros.core.config import FeatureConfig, MailConfig, NetworkConfig, WindowConfig
from mail_ros.core.errors import ConfigError
from mail_ros.training.run_config import run_config


def test_a_lower_rate_keeps_the_seconds() -> None:
    config = MailConfig(FeatureConfig(rate_hz=10.0))
    assert (config.length, config.scales, config.features.lag) == (100, (10, 20, 30, 40, 50, 100), 5)


def test_settings_change_the_defaults() -> None:
    config = run_config(["features.rate_hz=10", "window.scales_s=[2, 5]", "network.head=heatmap", "training.epochs=3"])
    assert (config.mail.scales, config.network.head, config.training.epochs) == ((20, 50), "heatmap", 3)
    assert config.training.batch == run_config([]).training.batch


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("rate_hz=10", "SECTION.NAME=VALUE"),
        ("features.rate=10", "features.rate: wanted one of"),
        (
            "feature.rate_hz=10",
            "feature: wanted one of augment, features, matching, network, training, window",
        ),
        ("features.rate_hz=fast", "features.rate_hz: wanted float, found 'fast'"),
        ("features.rate_hz=0", "features.rate_hz: wanted 1 to 1000, found 0"),
        ("features.rate_hz=NaN", "found nan"),
        ("network.head=heat", "network.head: wanted regression or heatmap, found 'heat'"),
        ("network.hidden=1.5", "network.hidden: wanted int, found 1.5"),
        ("window.scales_s=[1, 20]", "window.scales_s: wanted 0.001 to 10, found 20"),
        ("window.scales_s=[]", "window.scales_s: wanted one scale or more"),
        ("training.speed=[1]", "training.speed: wanted slowest and fastest"),
        ("training.epochs=true", "training.epochs: wanted int, found True"),
    ],
)
def test_a_wrong_setting_is_named(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("[", r"\[")):
        run_config([setting])


def test_scales_must_hold_gradients() -> None:
    with pytest.raises(ConfigError, match="scales of two gradients or more at 1 Hz"):
        MailConfig(FeatureConfig(rate_hz=1.0, lag_s=1.0, max_gap_s=1.0), WindowConfig(), NetworkConfig())
