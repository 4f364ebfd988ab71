"""What left-out walks teach a site: LOCALIZED's threshold, and how wide covariances are."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers import tiny_config, tiny_mail
from simulated_tracks import drive, surveys

from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.mail.mail import Mail
from mail_ros.core.models.model_file import SiteModel, build
from mail_ros.core.models.site_calibration import NEVER, SiteCalibration, TrackerCalibration
from mail_ros.core.types import LOCALIZED_FROM, Estimate, Status
from mail_ros.data.scored import Scored, follow
from mail_ros.data.track import Track
from mail_ros.training.calibrate_site import THRESHOLDS, Followed, calibrated_by, survey_folds
from mail_ros.training.comparison import calibration_words, survey_reason
from mail_ros.training.run_config import run_config
from mail_ros.training.survey_model import fit_survey_model
from mail_ros.training.surveyed_passes import SurveyedPasses

MATCHING = run_config(["kind=matching", "sampling.rate_hz=10", "sampling.length_s=6"])


def followed(near: float, wrong: float, count: int = 1000, region: float = 0.4, on_map: float = 1.0) -> Followed:
    """Estimates with one probability of being near, a fraction of which is wrong; regions hold 90 % at `region` 1."""
    is_wrong = np.arange(count) < wrong * count
    # Squared distances of a Gaussian's errors over that of its 90 % region, in even steps.
    quantiles = -np.log1p(-np.linspace(0.0005, 0.9995, count)) / np.log(10.0)
    return Followed(
        error_m=np.where(is_wrong, 20.0, 0.3),
        region=region * quantiles,
        near=np.full(count, near),
        is_wrong=is_wrong,
        on_map=np.arange(count) >= (1.0 - on_map) * count,
        may_be_localized=np.ones(count, np.bool_),
        middle_m=np.full(count, 10.0),
    )


@pytest.mark.parametrize(
    ("near", "wrong", "on_map", "expected"),
    [
        (0.97, 0.0, 1.0, LOCALIZED_FROM),
        (0.97, 0.009, 1.0, LOCALIZED_FROM),
        (0.97, 0.05, 1.0, 0.98),
        (0.9995, 0.05, 1.0, 0.9999),
        (0.99999, 0.05, 1.0, NEVER),
        (0.99999, 0.05, 0.0, THRESHOLDS[-2]),  # nothing was on the map: the whole model knows more
    ],
)
def test_few_estimates_may_be_localized_and_wrong(near: float, wrong: float, on_map: float, expected: float) -> None:
    assert calibrated_by(followed(near, wrong, on_map=on_map)).localized_from == expected


@pytest.mark.parametrize(
    ("region", "expected"),
    [(1.0, 1.0), (0.9, 1.0), (1.1, 1.0), (4.0, 4.0), (0.25, 0.25 * 1.301), (1e-6, 0.2), (1e6, 100.0)],
)
@pytest.mark.parametrize("near", [0.99, 0.5])
def test_regions_that_hold_too_few_or_too_many_errors_are_scaled(near: float, region: float, expected: float) -> None:
    """Too wide ones down to 95 %, whose squared distance is 1.301 times that of 90 %; no LOCALIZED one shrinks."""
    found = calibrated_by(followed(near, 0.0, region=region))
    scaled, other = found.localized_scale, found.uncertain_scale
    if near < LOCALIZED_FROM:
        scaled, other = other, scaled
    else:
        expected = max(1.0, expected)
    assert scaled == pytest.approx(expected, rel=0.02)
    assert other == 1.0, "there are no such estimates"


def test_a_model_that_guesses_on_its_own_survey_is_never_localized() -> None:
    guessing = followed(0.97, 0.0)
    assert calibrated_by(guessing._replace(middle_m=0.4 * np.ones(1000))).localized_from == NEVER
    assert calibrated_by(guessing._replace(middle_m=0.6 * np.ones(1000))).localized_from == LOCALIZED_FROM


def test_a_few_estimates_change_no_covariance() -> None:
    assert calibrated_by(followed(0.99, 0.0, count=50, region=9.0)) == TrackerCalibration()


@pytest.mark.slow
def test_every_walk_is_left_out_once_and_by_a_model_of_the_others() -> None:
    learned: list[set[str]] = []

    def fit(tracks: object) -> SiteModel:
        assert isinstance(tracks, list)
        learned.append({track.source for track in tracks})
        return tiny_mail()

    walks = [dataclasses.replace(drive(), source=f"walk {number}") for number in range(7)]
    folds = list(survey_folds(walks, fit, 0))
    held = [{walk.source for walk in fold.walks} for fold in folds]
    assert sorted(name for names in held for name in names) == sorted(walk.source for walk in walks)
    assert all(not names & others for names, others in zip(held, learned, strict=True))
    one = list(survey_folds(walks[:1], fit, 0))
    assert sum(len(walk) for fold in one for walk in fold.walks) == len(walks[0].labelled_span()), "cut by time"


def calibrated(model: Mail, **calibration: float) -> Mail:
    config = dataclasses.replace(model.config, calibration=SiteCalibration(walking=TrackerCalibration(**calibration)))
    model.config = config
    return model


@pytest.mark.slow
def test_a_localizer_has_the_threshold_and_the_scales_of_its_model() -> None:
    def estimates(model: Mail, walk: Track) -> list[tuple[Status, np.ndarray]]:
        found = [one.estimate for one in follow(compose(model, "walking"), walk)]
        return [(one.status, one.covariance_m2) for one in found]

    walk = drive()
    usual = estimates(tiny_mail(tiny_config("heatmap")), walk)
    scaled = estimates(calibrated(tiny_mail(tiny_config("heatmap")), uncertain_scale=3.0), walk)
    assert {status for status, _ in usual} == {Status.UNCERTAIN}
    np.testing.assert_allclose([each for _, each in scaled], [3.0 * each for _, each in usual])
    trusting = estimates(calibrated(tiny_mail(tiny_config("heatmap")), localized_from=0.0, localized_scale=0.5), walk)
    assert {status for status, _ in trusting} <= {Status.LOCALIZED, Status.STATIONARY}
    np.testing.assert_allclose([each for _, each in trusting], [0.5 * each for _, each in usual])


@pytest.mark.slow
def test_a_survey_is_calibrated_by_itself_and_still_localizes() -> None:
    fitted = fit_survey_model(MATCHING, surveys(), "wheels")
    assert set(fitted.held_out) == {"none", "walking", "odometry"}
    for tracker, entry in fitted.held_out.items():
        assert entry["wrong"] <= 0.01, tracker
        assert entry["localized_from"] >= LOCALIZED_FROM
    assert survey_reason("m", fitted.held_out["odometry"]) is None
    assert calibration_words(fitted.held_out["odometry"]).startswith("walks left out: ")
    localizer = compose(build(fitted.config, fitted.state), "odometry", 0.5)
    known = [one.estimate.status in (Status.LOCALIZED, Status.STATIONARY) for one in follow(localizer, drive())]
    assert np.mean(known) > 0.5


def test_a_pass_in_the_other_direction_counts_only_where_the_axes_allow_it() -> None:
    walk = drive()
    span = walk.labelled_span()
    estimates = [
        Scored("back", Estimate(0, position_m, np.eye(2), 0, Status.LOCALIZED, ()), position_m, 0, False)
        for position_m in span.position_m[::-20]
    ]
    along = [dataclasses.replace(one, bag="there") for one in reversed(estimates)]
    for directed, expected in ((True, False), (False, True)):
        passes = SurveyedPasses([walk], directed=directed)
        assert passes.passed(along).mean() > 0.9
        assert bool(passes.passed(estimates).mean() > 0.9) == expected
    assert (
        not SurveyedPasses([walk], directed=False)
        .passed([dataclasses.replace(one, reference_floor=1) for one in along])
        .any()
    )
