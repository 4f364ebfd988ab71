"""Settings: one place, checked against their annotations, and refused by their full name."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest

from mail_ros.core.config import Range, Settings, from_dict
from mail_ros.core.errors import ConfigError
from mail_ros.core.models.mail_config import MailConfig
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.renamed import RENAMED
from mail_ros.core.signal.sampling import DistanceSampling, TimeSampling
from mail_ros.training.run_config import RunConfig, run_config


@dataclass(frozen=True)
class Small(Settings, prefix="small."):
    """Every kind of annotation that settings have."""

    number: Annotated[float, Range(0.0, 1.0)] = 0.5
    items: tuple[Annotated[int, Range(1, 3)], ...] = (1, 2)
    word: Literal["a", "b"] = "a"
    maybe: Annotated[float, Range(2.0, 3.0)] | None = None


@dataclass(frozen=True)
class Derived(Small):
    """Its fields are refused under the name of its base."""

    more: Annotated[int, Range(0, 9)] = 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"number": 2.0}, r"^small\.number: wanted 0 to 1, found 2; change the setting$"),
        ({"number": float("nan")}, r"^small\.number: wanted 0 to 1, found nan"),
        ({"items": (1, 4)}, r"^small\.items: wanted 1 to 3, found 4"),
        ({"word": "c"}, r"^small\.word: wanted a or b, found 'c'; change the setting$"),
        ({"maybe": 1.0}, r"^small\.maybe: wanted 2 to 3, found 1"),
        ({"more": 10}, r"^small\.more: wanted 0 to 9, found 10"),
    ],
)
def test_a_value_that_its_annotation_does_not_allow_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Derived(**changes)  # type: ignore[arg-type]


def test_both_ends_of_a_range_are_allowed() -> None:
    assert dataclasses.astuple(Derived(1.0, (1, 3), "b", 2.0, 9)) == (1.0, (1, 3), "b", 2.0, 9)


def test_every_default_is_allowed() -> None:
    for kind in (RunConfig, ModelConfig, TimeSampling, DistanceSampling):
        assert kind() == from_dict(kind, dataclasses.asdict(kind()))


def test_a_lower_rate_keeps_the_seconds() -> None:
    config = ModelConfig(sampling=TimeSampling(rate_hz=10.0))
    assert (config.sampling.rows, config.scales, config.lag, config.samples) == (100, (10, 20, 30, 40, 50, 100), 5, 105)


def test_matching_needs_no_lag_and_a_path_is_counted_in_metres() -> None:
    config = ModelConfig("matching", DistanceSampling(per_m=10.0, length_m=4.0), "gravity")
    assert (config.samples, config.window_shape, config.needs_odometry) == (40, (40, 5), True)
    assert (config.sampling.unit, config.sampling.length, config.sampling.pick(seconds=1.0, metres=2.0)) == ("m", 4, 2)
    assert not ModelConfig().needs_odometry


def test_settings_change_the_defaults() -> None:
    config = run_config(["sampling.rate_hz=10", "mail.scales_s=[2, 5]", "mail.head=regression", "training.epochs=3"])
    assert (config.model.scales, config.mail.head, config.training.epochs) == ((20, 50), "regression", 3)
    assert config.training.batch == run_config([]).training.batch
    assert run_config(["kind=matching", "axes=gravity"]).model == ModelConfig("matching", axes="gravity")


@pytest.mark.parametrize("name", ["per_m", "length_m", "max_gap_m"])
def test_a_name_of_a_distance_samples_by_distance(name: str) -> None:
    sampling = run_config(["kind=matching", f"sampling.{name}=8"]).sampling
    assert sampling == dataclasses.replace(DistanceSampling(), **{name: 8.0})


def test_names_of_the_other_sampling_replace_the_preset_s() -> None:
    assert run_config(["sampling.length_m=6"], "robot").sampling == DistanceSampling(per_m=10.0, length_m=6.0)
    assert run_config(["sampling.rate_hz=20"], "robot").sampling == TimeSampling(rate_hz=20.0)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("sampling.rate_hz", "wanted NAME=VALUE or SECTION.NAME=VALUE"),
        ("rate_hz=10", "rate_hz: wanted one of augment, axes, field_map, kind, mail, matching, sampling, training"),
        ("sampling.rate=10", "sampling.rate: wanted one of length_m, length_s, max_gap_m, max_gap_s, per_m, rate_hz"),
        ("sampling=10", "sampling: wanted a table of settings, found 10"),
        ("feature.rate_hz=10", "feature: wanted one of augment, axes"),
        ("sampling.rate_hz=fast", "sampling.rate_hz: wanted float, found 'fast'"),
        ("sampling.rate_hz=0", "sampling.rate_hz: wanted 1 to 1000, found 0"),
        ("sampling.rate_hz=NaN", "found nan"),
        ("kind=dtw", "kind: wanted mail or matching or field_map, found 'dtw'"),
        ("axes=level", "axes: wanted device or gravity, found 'level'"),
        ("mail.head=heat", "mail.head: wanted regression or heatmap, found 'heat'"),
        ("mail.hidden=1.5", "mail.hidden: wanted int, found 1.5"),
        ("mail.scales_s=[1, 20]", "mail.scales_s: wanted 0.001 to 10, found 20"),
        ("mail.scales_s=[]", "mail.scales_s: wanted one scale or more"),
        ("training.speed=[1]", "training.speed: wanted slowest and fastest"),
        ("training.epochs=true", "training.epochs: wanted int, found True"),
        ("training.radius_m=0.1", "training.radius_m: wanted 0.5 to 100, found 0.1"),
        ("sampling.per_m=10", "sampling: wanted samples by time for kind mail, whose lag and scales are seconds"),
    ],
)
def test_a_wrong_setting_is_named(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("[", r"\[")):
        run_config([setting])


def test_settings_of_both_samplings_do_not_mix() -> None:
    wanted = r"sampling: wanted some of rate_hz, length_s, max_gap_s or some of per_m, .*, found per_m, rate_hz"
    with pytest.raises(ConfigError, match=wanted):
        run_config(["sampling.per_m=10", "sampling.rate_hz=10"])


def test_scales_must_hold_gradients() -> None:
    with pytest.raises(ConfigError, match="scales of two gradients or more at 1 Hz"):
        ModelConfig(sampling=TimeSampling(rate_hz=1.0, max_gap_s=1.0), mail=MailConfig(lag_s=1.0))


# --- deprecated names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "preset"),
    [
        (
            ["features.rate_hz=10", "window.length_s=6", "window.scales_s=[6]", "features.max_gap_s=1"],
            ["sampling.rate_hz=10", "sampling.length_s=6", "mail.scales_s=[6]", "sampling.max_gap_s=1"],
            "person",
        ),
        (
            ["features.gradient=first", "network.head=regression"],
            ["mail.gradient=first", "mail.head=regression"],
            "person",
        ),
        (["network.kind=matching", "features.frame=level"], ["kind=matching", "axes=gravity"], "person"),
        (["network.kind=matching", "features.frame=device"], ["kind=matching", "axes=device"], "person"),
        (
            ["matching.spread=1", "matching.offset_share=1"],
            ["matching.covariance_scale=1", "matching.offset_weight=1"],
            "robot",
        ),
        (
            ["network.kind=matching", "features.along=way", "features.rate_hz=20", "matching.stride_s=1"],
            ["kind=matching", "sampling.per_m=20", "matching.stride_m=1"],
            "person",
        ),
        (["network.kind=matching", "features.along=way"], ["kind=matching", "sampling.per_m=10"], "person"),
        (["features.rate_hz=20", "window.length_s=6"], ["sampling.per_m=20", "sampling.length_m=6"], "robot"),
        (["features.along=time", "features.rate_hz=20"], ["sampling.rate_hz=20"], "robot"),
        (["features.along=time"], ["sampling.rate_hz=50"], "robot"),
    ],
)
def test_a_deprecated_name_works_and_one_warning_gives_the_new_one(
    old: list[str], new: list[str], preset: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected = run_config(new, preset)
    assert not caplog.records
    assert run_config(old, preset) == expected
    (warning,) = caplog.records
    assert warning.levelno == logging.WARNING
    for setting in old:
        name = setting.partition("=")[0]
        if name in RENAMED:
            assert f"{name} is now {RENAMED[name]}" in warning.getMessage()


def test_every_deprecated_name_leads_to_a_setting() -> None:
    config = dataclasses.asdict(RunConfig())
    for now in RENAMED.values():
        section, _, name = now.partition(".")
        assert section in config
        assert not name or name in config[section]
