"""How a belief moves between two windows: by odometry whose angle to the map is unknown, or as somebody walks.

Columns of the belief are headings: with odometry, hypotheses of how its frame is turned against the map; without,
of where the walker faces, and one more column for who stands. Both are carried on from move to move, so that the
map and the field teach them; nothing has to be calibrated.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from mail_ros.core.belief import Cells, FloatArray
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.neighbourhood import Lattice

REACH_DEVIATIONS = 2.5  # kernels are cut off there
STRETCH = 1.75  # of `odometry_m`: the longest piece of a move, two steps are one; and how far one waits for evidence
LONGEST_STRIDE_S = 1.2  # a step that took longer does not tell of the next
FARTHEST_M = 100.0  # whoever went on without being heard for so long may be anywhere
FULL_TURN = 2.0 * np.pi
ANY_ANGLE_RAD2 = np.pi**2 / 3.0  # variance of an angle that may be any
STILL_RISE = 4.0  # log likelihood ratio of standing, per second, for each factor e that the field is stiller
STILL_BOUNDS = (-1.0, 3.0)  # of that ratio: one may turn on the spot, and a field may be flat


class Turn(NamedTuple):
    """How odometry's frame is turned against the map."""

    angle_rad: float  # counterclockwise, from odometry's frame to the map's
    variance_rad2: float


class Motion(ABC):
    """What moves the belief; it says when."""

    columns: int  # of the belief
    pending_m: FloatArray  # (columns, 2) way since the last move, as each column sees it
    length_m = 0.0  # of the last move

    def __init__(self, config: FilterConfig) -> None:
        """Take what both need."""
        self.config = config
        self.angle_rad = np.arange(config.headings) * FULL_TURN / config.headings
        self.cos, self.sin = np.cos(self.angle_rad), np.sin(self.angle_rad)

    @abstractmethod
    def reset(self) -> None:
        """Forget the way since the last move."""

    @abstractmethod
    def start(self, cells: int) -> FloatArray:
        """The belief (m, columns) of one who knows nothing."""

    @abstractmethod
    def move(self, belief: FloatArray, elapsed_s: float, moved_m: FloatArray, change_ut: float) -> FloatArray | None:
        """The belief after some more time and way, not yet normalised; None while no move is due.

        Args:
            belief: (m, columns) at the last move.
            elapsed_s: since the last call.
            moved_m: (2,) odometry since the last call.
            change_ut: of the field in half a second.
        """

    def settle(self, belief: FloatArray) -> FloatArray | None:
        """The belief (m, columns) carried on to where evidence comes from, before that counts; else as of `move`."""
        return None

    @abstractmethod
    def standing(self, belief: FloatArray) -> float:
        """How surely the device stands, 0 to 1."""

    def turn(self, share: FloatArray) -> Turn | None:
        """What the belief in each column, (columns,), says of odometry's angle; None where there is no odometry."""
        return None

    def _turned(self, way_m: FloatArray) -> FloatArray:
        """A way (2,) as each heading sees it, (k, 2)."""
        return np.column_stack([self.cos * way_m[0] - self.sin * way_m[1], self.sin * way_m[0] + self.cos * way_m[1]])

    def _turn(self, belief: FloatArray, anew: float) -> FloatArray:
        """Let headings (m, k) drift to their neighbours, and a share `anew` to anywhere."""
        share = 0.5 * (self.config.yaw_noise_rad * self.config.headings / FULL_TURN) ** 2  # to either side
        passes = max(1, int(np.ceil(share / 0.25)))
        for _ in range(passes):
            sides = np.roll(belief, 1, axis=1) + np.roll(belief, -1, axis=1)
            belief = belief + share / passes * (sides - 2.0 * belief)
        anywhere = belief.mean(axis=1, keepdims=True)
        turned: FloatArray = (1.0 - anew) * belief + anew * anywhere
        return turned


class OdometryMotion(Motion):
    """By odometry. What it moves off the map is lost: that is how its angle is learnt."""

    def __init__(self, cells: Cells, config: FilterConfig) -> None:
        super().__init__(config)
        self.columns = config.headings
        longest_m = STRETCH * config.update_min_d_m
        spread_m = float(np.hypot(config.position_noise_m, config.odom_noise_ratio * longest_m))
        self.lattice = Lattice(cells, longest_m + REACH_DEVIATIONS * spread_m)
        self.reset()

    def reset(self) -> None:
        """Forget the way since the last move."""
        self._way_m = np.zeros(2)
        self._step_m = np.zeros(2)  # what odometry said last
        self._stride_s = np.inf  # between the last two times that it spoke
        self._silent_s = np.inf  # since the last
        self.pending_m = np.zeros((self.columns, 2))

    def start(self, cells: int) -> FloatArray:
        """Anywhere, turned by any angle."""
        return np.full((cells, self.columns), 1.0 / (cells * self.columns))

    def move(self, belief: FloatArray, elapsed_s: float, moved_m: FloatArray, change_ut: float) -> FloatArray | None:
        """Once odometry went so far that evidence is not waited for any more; a long way in pieces."""
        self._silent_s += elapsed_s
        if moved_m.any():
            self._way_m = self._way_m + moved_m
            self._step_m, self._stride_s, self._silent_s = moved_m, self._silent_s, 0.0
        return self._moved(belief, STRETCH * self.config.update_min_d_m)

    def settle(self, belief: FloatArray) -> FloatArray | None:
        """Once odometry went `odometry_m`: evidence of where it leads must not count for where it began."""
        return self._moved(belief, self.config.update_min_d_m)

    def standing(self, belief: FloatArray) -> float:
        """One who makes no step stands."""
        return float(self._silent_s > LONGEST_STRIDE_S)

    def turn(self, share: FloatArray) -> Turn:
        """Mean and variance on the circle, of the wrapped normal that is as concentrated; at most any angle's."""
        x, y = (float(share @ part / share.sum()) for part in (self.cos, self.sin))
        concentration = min(max(math.hypot(x, y), 1e-12), 1.0)
        return Turn(math.atan2(y, x), min(-2.0 * math.log(concentration), ANY_ANGLE_RAD2))

    def _moved(self, belief: FloatArray, least_m: float) -> FloatArray | None:
        """Go the way if it is so long; what is left of it is pending."""
        length_m = float(np.linalg.norm(self._way_m))
        moved = None
        if length_m >= least_m:
            self.length_m, moved = length_m, self._gone(belief, length_m)
            self._way_m = np.zeros(2)
        self.pending_m = self._turned(self._way_m + self._begun_m())
        return moved

    def _gone(self, belief: FloatArray, length_m: float) -> FloatArray:
        if length_m > FARTHEST_M:
            return self.start(len(belief))
        pieces = int(np.ceil(length_m / (STRETCH * self.config.update_min_d_m)))
        deviation_m = float(np.hypot(self.config.position_noise_m, self.config.odom_noise_ratio * length_m / pieces))
        way_m = self._turned(self._way_m / pieces)
        kernel = self.lattice.kernel(way_m, deviation_m, deviation_m, self.angle_rad)
        for _ in range(pieces):
            belief = self._turn(self.lattice.spread(belief, kernel), self.config.odom_reset_prob)
        return belief

    def _begun_m(self) -> FloatArray:
        """The step that is being made: as the last one, until it is overdue.

        Odometry credits a step when it is done; until then whoever walks would seem to stand half a step behind.
        """
        if self._stride_s > LONGEST_STRIDE_S or self._silent_s >= 2.0 * self._stride_s:
            return np.zeros(2)
        return self._step_m * min(1.0, self._silent_s / self._stride_s)


class WalkingMotion(Motion):
    """As people walk: on in their direction, at their speed, along what was surveyed, with stands in between."""

    def __init__(self, cells: Cells, config: FilterConfig) -> None:
        super().__init__(config)
        self.columns = config.headings + 1  # the last one stands
        step_m = config.speed_m_s * config.walking_s
        along_m = float(np.hypot(config.position_noise_m, config.speed_deviation_m_s * config.walking_s))
        self.lattice = Lattice(cells, step_m + REACH_DEVIATIONS * along_m)
        self._ahead_m = self._turned(np.array([step_m, 0.0]))
        self._kernel = self.lattice.kernel(self._ahead_m, along_m, config.position_noise_m, self.angle_rad)
        kept = self.lattice.kept(self._kernel)
        self._blocked = kept < max(config.edge, 1e-9)
        self._gain = np.where(self._blocked, 0.0, 1.0 / np.maximum(kept, 1e-9))
        self.reset()

    def reset(self) -> None:
        """Forget the time since the last move."""
        self._since_s = 0.0
        self.pending_m = np.zeros((self.columns, 2))

    def start(self, cells: int) -> FloatArray:
        """Anywhere, walking any way, or standing as often as people do."""
        standing = self.config.mean_stop_s / (self.config.mean_stop_s + self.config.mean_walk_s)
        share = np.append(np.full(self.config.headings, (1.0 - standing) / self.config.headings), standing)
        return np.tile(share / cells, (cells, 1))

    def move(self, belief: FloatArray, elapsed_s: float, moved_m: FloatArray, change_ut: float) -> FloatArray | None:
        """Every `walking_s`; after a long silence as often as fits into it."""
        self._since_s += elapsed_s
        moves = int(self._since_s / self.config.walking_s + 1e-9)
        self._since_s = max(0.0, self._since_s - moves * self.config.walking_s)
        for _ in range(moves):
            belief = self._walk(belief, change_ut)
        self.pending_m[:-1] = self._ahead_m * (self._since_s / self.config.walking_s)
        return belief if moves else None

    def standing(self, belief: FloatArray) -> float:
        """As much as the belief says."""
        return float(belief[:, -1].sum())

    def _walk(self, belief: FloatArray, change_ut: float) -> FloatArray:
        config = self.config
        walking, standing = belief[:, :-1], belief[:, -1]
        at_edge = (walking * self._blocked).sum(axis=1)  # they turn, and may go any way next
        walking = self.lattice.spread(walking, self._kernel, self._gain) + (at_edge / config.headings)[:, None]
        stops, starts = (
            -np.expm1(-config.walking_s / config.mean_walk_s),
            -np.expm1(-config.walking_s / config.mean_stop_s),
        )
        still = (
            np.clip(STILL_RISE * np.log(config.stationary_change_ut / max(change_ut, 1e-9)), *STILL_BOUNDS)
            * config.walking_s
        )
        now_standing = ((1.0 - starts) * standing + stops * walking.sum(axis=1)) * np.exp(still)
        walking = (1.0 - stops) * walking + (starts / config.headings * standing)[:, None]
        return np.column_stack([self._turn(walking, config.u_turn_prob), now_standing])
