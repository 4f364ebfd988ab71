"""Every setting of the tracker, with its default: here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from mail_ros.core.config import check_range


@dataclass(frozen=True)
class TrackerConfig:
    """How a belief over the cells moves, and how much each window's evidence counts.

    Chosen on repetition 2 of IPIN 2023 Track 3 with networks and searches that had learned from repetition 1; outliers
    and radius over several splits of all three.
    """

    headings: int = 24  # directions that are told apart
    evidence_per_s: float = 0.8  # exponent of one second's likelihood: windows overlap, and are not independent
    way_m_s: float = 2.0  # where windows are cut by the way: so many metres tell as much as a second else
    outlier: float = 0.1  # share of windows that tell nothing: bounds what one second may say against a place
    lost_per_s: float = 1e-6  # share of the belief that is spread over all cells: whoever was carried away is found
    turn_rad: float = 0.07  # per move: how odometry's angle to the map drifts, and how a walker bends
    place_m: float = 0.3  # per move: what neither odometry nor the map's cells resolve
    odometry_m: float = 0.5  # the belief moves once odometry went so far: finer moves blur it by the size of a cell
    odometry_share: float = 0.1  # of the way: how wrong odometry may be
    odometry_anew: float = 0.002  # share, per move, of the belief that odometry's frame was set anew
    walking_s: float = 0.5  # without odometry, the belief moves so often
    speed_m_s: float = 1.2  # without odometry: of whoever carries the device
    speed_deviation_m_s: float = 0.5
    turned_about: float = 0.03  # share, per move, of walkers that go any way next
    edge: float = 0.2  # a walker turns where less than this share of its way ahead was surveyed
    stop_s: float = 20.0  # mean time of walking before a stand
    stand_s: float = 10.0  # mean time of a stand
    still_ut: float = 1.2  # change of the field in half a second that walking and standing show alike often
    radius_m: float = 2.0  # of the mode's neighbourhood that is averaged into a position
    walking_spread: float = 0.5  # covariance as a share of the belief's, without odometry: most walk on and do not turn
    offset_s: float = 60.0  # over which the device's offset against the survey is averaged
    support_s: float = 20.0  # over which it is averaged whether the map explains the windows

    def __post_init__(self) -> None:
        for name, low, high in (
            ("headings", 4, 360),
            ("evidence_per_s", 0.0, 100.0),
            ("way_m_s", 0.01, 10.0),
            ("outlier", 1e-6, 1.0),
            ("lost_per_s", 0.0, 1.0),
            ("turn_rad", 0.0, 1.0),
            ("place_m", 1e-3, 10.0),
            ("odometry_m", 0.01, 10.0),
            ("odometry_share", 0.0, 1.0),
            ("odometry_anew", 0.0, 1.0),
            ("walking_s", 0.05, 10.0),
            ("speed_m_s", 0.0, 10.0),
            ("speed_deviation_m_s", 0.0, 10.0),
            ("turned_about", 0.0, 1.0),
            ("edge", 0.0, 1.0),
            ("stop_s", 0.1, 1e6),
            ("stand_s", 0.1, 1e6),
            ("still_ut", 1e-3, 1e3),
            ("radius_m", 0.0, 100.0),
            ("walking_spread", 0.01, 100.0),
            ("offset_s", 0.1, 1e6),
            ("support_s", 0.1, 1e6),
        ):
            check_range(f"tracker.{name}", getattr(self, name), low, high)
