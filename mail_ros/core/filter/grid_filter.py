"""A recursive Bayes filter over the map's cells: what the last minute tells beats what one window tells.

    time, odometry --> Motion.move --> belief (cells, headings) --> Posterior, hypotheses
    window --> log likelihood ratio to a window from anywhere --> with outliers, tempered --^

The state is one array and a few sums, whatever came before it. Everything is computed in the same order from the same
input: no chance. Textbook: Thrun, Burgard and Fox, "Probabilistic Robotics", chapters 4 and 8 (grid localization).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from mail_ros.core.belief import NEAR_M, Cells, FloatArray, Posterior, decode, gaussian, normal
from mail_ros.core.errors import TrackError
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.motion import Motion, OdometryMotion, Turn, WalkingMotion

LONGEST_EVIDENCE_S = 2.0  # a window counts for at most so long, however rarely one comes
FORGET_S = 60.0  # without odometry, a belief that old says nothing any more
SUPPORT = (-3.0, 5.0)  # bounds of a window's log ratio where it is asked whether the map explains the field
DOUBT_DEVIATIONS = 3.0  # of a given place: the survey must have come so near
FLAT_UT = 3.0  # change of the field of one who walks, where nobody measured it


@dataclass(frozen=True)
class Hypothesis:
    """One of several places where the device may be."""

    position_m: FloatArray  # (2,)
    floor: int
    weight: float  # of the belief near it


class Tracker:
    """The belief, and what changes it: `advance` by time and way, `update` by evidence, `believe` by a word."""

    def __init__(self, cells: Cells, config: FilterConfig, *, odometry: bool, by_way: bool = False) -> None:
        """Know nothing yet.

        Args:
            cells: the map.
            config: motion and evidence.
            odometry: whether `advance` will be told the way; if not, walking is guessed.
            by_way: whether windows are cut by the way, so that it is metres, not seconds, which they tell anew; without
                odometry nobody counts metres, and it is seconds all the same.

        Raises:
            ModelError: cells that do not lie on one grid.
        """
        self.cells, self.config = cells, config
        self.motion: Motion = OdometryMotion(cells, config) if odometry else WalkingMotion(cells, config)
        self._forgets, self._by_way = not odometry, by_way and odometry
        self._spread = 1.0 if odometry else config.walking_covariance_scale
        self.reset()

    def reset(self) -> None:
        """Know nothing again."""
        self.motion.reset()
        self.belief = self.motion.start(len(self.cells))  # (m, columns), sums to one
        self._unheard_s = 0.0  # since evidence was last taken; by the way, what the metres since then are worth
        self._due = True  # evidence is taken once per move: in between the windows say the same again
        self._support, self._supported_s = 0.0, 0.0  # sums over the last windows, weighed as their evidence is

    def believe(self, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> None:
        """Take somebody's word for where the device is, whatever was believed before; its heading stays open.

        Args:
            position_m: (2,) in the frame of its floor.
            covariance_m2: (2, 2) of the word; what is smaller than a cell counts as one.
            floor: of the map.

        Raises:
            TrackError: not finite, no covariance, or a place that no survey went near; the belief is as before.
        """
        numbers = np.append(position_m, covariance_m2)
        if not np.isfinite(numbers).all() or np.linalg.eigvalsh(covariance_m2).min() < -1e-9:
            raise TrackError(
                "the place of the device",
                wanted="finite numbers, and a covariance that is one",
                found=f"{np.asarray(position_m).tolist()} m, {np.asarray(covariance_m2).tolist()} m²",
                fix="mend who sends it",
            )
        self._check_near(position_m, covariance_m2, floor)
        evidence = gaussian(normal(position_m, covariance_m2, floor), self.cells)
        self.reset()
        self.belief = _normalised(self.belief * np.exp(evidence - evidence.max())[:, None], self.belief)

    def _check_near(self, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> None:
        distance_m = np.linalg.norm(self.cells.position_m - position_m, axis=1)[self.cells.floor == floor]
        reach_m = max(NEAR_M, DOUBT_DEVIATIONS * float(np.sqrt(np.linalg.eigvalsh(covariance_m2).max())))
        nearest_m = float(distance_m.min(initial=np.inf))
        if nearest_m > reach_m:
            floors = ", ".join(map(str, np.unique(self.cells.floor)))
            raise TrackError(
                "the place of the device",
                wanted=f"one within {reach_m:.1f} m of the survey, on one of its floors {floors}",
                found=f"floor {floor}" if np.isinf(nearest_m) else f"one that is {nearest_m:.1f} m off",
                fix="correct it, or survey that place",
            )

    def advance(self, elapsed_s: float, moved_m: FloatArray | None = None, change_ut: float = FLAT_UT) -> None:
        """Let time pass and odometry go on; before the `update` by a window that ends then.

        Args:
            elapsed_s: since the last call, 0 or more.
            moved_m: (2,) odometry since the last call, in its own frame.
            change_ut: of the field in half a second; tells standing from walking where there is no odometry.

        Raises:
            TrackError: a number that is not finite, or time that runs backward.
        """
        moved_m = np.zeros(2) if moved_m is None else moved_m
        if not (np.isfinite(moved_m).all() and 0.0 <= elapsed_s < np.inf and change_ut >= 0.0):
            raise TrackError(
                "the tracker",
                wanted="finite odometry, and time that goes on",
                found=f"{moved_m} m in {elapsed_s} s, {change_ut} µT",
                fix="leave such samples out",
            )
        if self._forgets and elapsed_s > FORGET_S:
            self.reset()
            return
        self._unheard_s += 0.0 if self._by_way else elapsed_s
        self._carry(self.motion.move(self.belief, elapsed_s, moved_m, change_ut))

    def _carry(self, moved: FloatArray | None) -> None:
        """Believe what a move, where one was due, left of the belief; evidence may be taken again then."""
        if moved is None:
            return
        if self._by_way:
            self._unheard_s += self.motion.length_m / self.config.equivalent_m_per_s
        lost = min(1.0, self.config.kidnap_rate_hz * self._unheard_s)
        self.belief = (1.0 - lost) * _normalised(moved, self.belief) + lost * self.motion.start(len(self.cells))
        self._due = True

    def update(self, log_ratio: FloatArray, weight: float = 1.0) -> None:
        """Carry the belief on to the window's end, and take what it says, unless nothing moved since the last one.

        A share of windows, `outlier`, is from anywhere: what is far below 0 in every cell changes nothing.

        Args:
            log_ratio: (m,) log likelihood of the window in each cell, against one from anywhere (see `belief.ratio`);
                -inf where it is impossible.
            weight: 0 to 1, how much of a whole window's evidence it is.

        Raises:
            TrackError: another number of cells, NaN, +inf, or no possible cell.
        """
        highest = float(log_ratio.max(initial=-np.inf)) if log_ratio.shape == self.cells.floor.shape else np.nan
        if not np.isfinite(highest) or np.isnan(log_ratio).any():
            raise TrackError(
                "the evidence of a window",
                wanted=f"{len(self.cells)} log likelihood ratios",
                found=f"{log_ratio.shape}, highest {highest:g}, {int(np.isnan(log_ratio).sum())} NaN",
                fix="check the model and the field it was given",
            )
        self._carry(self.motion.settle(self.belief))
        if not self._due:
            return
        scale = max(highest, 0.0)  # taken out of both, so that the numbers stay finite
        likelihood = (1.0 - self.config.outlier) * np.exp(log_ratio - scale) + self.config.outlier * np.exp(-scale)
        heard_s = weight * min(self._unheard_s, LONGEST_EVIDENCE_S)
        evidence = np.power(likelihood / likelihood.max(), self.config.likelihood_exponent_per_s * heard_s)
        self.belief = _normalised(self.belief * evidence[:, None], self.belief)
        self._count_support(highest, heard_s * (1.0 - self.standing))
        self._unheard_s, self._due = 0.0, False

    @property
    def support(self) -> float:
        """How well the map explained the last windows: mean of their highest log ratio; NaN before the first.

        Of windows that walk; each counts within `SUPPORT`, since a device that is handled looks like nothing at all.
        """
        return self._support / self._supported_s if self._supported_s > 0.0 else np.nan

    @property
    def standing(self) -> float:
        """How surely the device stands, 0 to 1."""
        return self.motion.standing(self.belief)

    @property
    def cell_probability(self) -> FloatArray:
        """(m,) of each cell at the last move; sums to one."""
        total: FloatArray = self.belief.sum(axis=1)
        return total

    def posterior(self) -> Posterior:
        """The mode's neighbourhood (see `belief.decode`), carried on by the way since the last move."""
        probability = self.cell_probability
        posterior = decode(probability, self.cells, self.config.radius_m, self._spread)
        carried_m = self._carried_m(self._near(int(probability.argmax())))
        return dataclasses.replace(posterior, position_m=posterior.position_m + carried_m)

    def turn(self) -> Turn | None:
        """How odometry's frame is turned against the map, as seen around the mode; None without odometry."""
        return self.motion.turn(self.belief[self._near(int(self.cell_probability.argmax()))].sum(axis=0))

    def hypotheses(self, most: int = 5, least: float = 0.01) -> list[Hypothesis]:
        """The heaviest places, `radius_m` wide and not overlapping, heaviest mode first.

        Args:
            most: how many at most.
            least: weight below which a place is not one.
        """
        left = self.cell_probability.copy()
        found: list[Hypothesis] = []
        while len(found) < most:
            mode = int(left.argmax())
            near = self._near(mode) & (left > 0.0)
            weight = float(left[near].sum())
            if weight < max(least, 1e-12):
                break
            mean_m = left[near] @ self.cells.position_m[near] / weight + self._carried_m(near)
            found.append(Hypothesis(mean_m, int(self.cells.floor[mode]), weight))
            left[near] = 0.0
        return found

    def _count_support(self, log_ratio: float, heard_s: float) -> None:
        kept = np.exp(-heard_s / self.config.map_fit_s)
        self._support = kept * self._support + heard_s * float(np.clip(log_ratio, *SUPPORT))
        self._supported_s = kept * self._supported_s + heard_s

    def _near(self, cell: int) -> FloatArray:
        distance_m = np.linalg.norm(self.cells.position_m - self.cells.position_m[cell], axis=1)
        near: FloatArray = (self.cells.floor == self.cells.floor[cell]) & (distance_m <= self.config.radius_m)
        return near

    def _carried_m(self, near: FloatArray) -> FloatArray:
        """(2,) way since the last move, as the belief in these cells sees it."""
        share = self.belief[near].sum(axis=0)
        carried_m: FloatArray = share @ self.motion.pending_m / share.sum()
        return carried_m


def _normalised(belief: FloatArray, before: FloatArray) -> FloatArray:
    """A belief that sums to one; the one before where nothing is left of it."""
    total = float(belief.sum())
    return belief / total if total > 0.0 else before
