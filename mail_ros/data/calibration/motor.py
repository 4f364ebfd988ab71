"""The field of a robot's motors, by regression on what its joints did where the place was the same.

    CalibrationDrive --> RevisitedPoses.within: field, inputs --> which inputs, which lag: by held-out blocks --> MotorField

Kinds of inputs are tried from the simplest on. Directions in which the inputs hardly differ, such as two wheels that
always turned alike, are left out of the solution: the share of each is then the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.platform.robot_file import LAGS_S, MotorField
from mail_ros.data.bag import JOINTS_TOPIC
from mail_ros.data.calibration.calibration_drive import CalibrationDrive
from mail_ros.data.calibration.revisited_poses import RevisitedPoses, find_revisited_poses, single_pose
from mail_ros.data.track import BoolArray, FloatArray, IntArray

CHOICES = (
    ("velocity",),
    ("effort",),
    ("velocity", "speed"),
    ("effort", "load"),
)
LAG_STEP_S = 0.02
BLOCKS = 8  # of time: each is predicted by what the others tell
SIMPLER = 1.02  # a simpler choice may leave so many times the held-out residual of the best
STILL = 0.1  # joints whose range is less than this share of the widest do not count
EXCITED = 0.1  # deviation at a place, as a share of the input's size: less, and nothing is learned of it
SMALLEST = 1e-2  # eigenvalue of the inputs' correlation, as a share of the largest, that is solved for
ALIKE = 0.98  # correlation
FEWEST = 10  # poses that are taken again
DOUBT = 0.5  # share of the motor field: who knows it no better does not know it
CLEAR_UT = 0.3  # who doubts no more than this, and sees no motor field, may say that there is none
DIGITS = 6  # of µT per unit
GAIN = 0.01  # share of the variance that must be explained, held out, for a motor field to be believed
DRIVE_FIX = (
    "drive to and fro over the same few metres, slowly, fast, and slowly again; where the robot was lifted, or stood "
    "while its motors ran, say so with --lifted"
)
LIFTED_FIX = "run each wheel by itself and both together, slowly and fast, forwards and backwards, and stop in between"


@dataclass(frozen=True)
class MotorFit:
    """A motor field, and how well it is known. Residuals are what differs at the same place, rms."""

    motor: MotorField
    places: int  # poses that were compared with themselves
    samples: int  # in them
    before_ut: FloatArray  # (3,) with the motor field
    after_ut: FloatArray  # (3,) without
    held_out_ut: FloatArray  # (3,) where the block was not fitted
    explained: float  # share of the variance, held out
    largest_ut: float  # in the drive
    doubt_ut: float  # rms at such places: deviation of the motor field, by leaving out one block after the other
    condition: float  # of the inputs
    alike: tuple[tuple[str, str], ...]  # inputs that cannot be told apart


@dataclass(frozen=True)
class _Sums:
    """All that the regression needs of a drive, by block."""

    inputs: tuple[str, ...]
    uu: FloatArray  # (blocks, k, k)
    uf: FloatArray  # (blocks, k, 3)
    ff: FloatArray  # (blocks, 3)

    def doubt(self, chosen: Sequence[int]) -> float:
        """Sum of the squares of what a fit, (k, 3), may be wrong by: the jackknife over the blocks."""
        uu, uf = self.uu[:, chosen][:, :, chosen], self.uf[:, chosen]
        fits = np.array([_solve(uu.sum(axis=0) - own, uf.sum(axis=0) - f)[0] for own, f in zip(uu, uf, strict=True)])
        apart = fits - fits.mean(axis=0)
        return float((BLOCKS - 1) / BLOCKS * np.einsum("bki,kl,bli->", apart, uu.sum(axis=0), apart))

    def held_out(self, chosen: Sequence[int]) -> FloatArray:
        """Squared residual, (blocks, 3), of each block by a fit of all others."""
        uu, uf = self.uu[:, chosen][:, :, chosen], self.uf[:, chosen]
        residual = np.zeros_like(self.ff)
        for block in range(len(uu)):
            ut_per_unit, _ = _solve(uu.sum(axis=0) - uu[block], uf.sum(axis=0) - uf[block])
            residual[block] = _left(ut_per_unit, uu[block], uf[block], self.ff[block])
        return residual


def fit_motor(drive: CalibrationDrive, *, lifted: bool) -> MotorFit:
    """The motor field of a drive; one without inputs where none is to be seen.

    Args:
        drive: that was recorded.
        lifted: whether the robot did not move, whatever its odometry says.

    Raises:
        BagError: what was driven does not tell the motor field.
    """
    names = _inputs(drive)
    places = _places(drive, names, lifted=lifted)
    lags = np.arange(LAGS_S[0], LAGS_S[1] + 1e-9, LAG_STEP_S)
    block = (np.arange(len(drive.stamp_ns)) * BLOCKS // len(drive.stamp_ns))[places.row]
    sums = [_sums(drive, places, names, float(lag_s), block) for lag_s in lags]
    choices = _choices(drive, places, names, lifted=lifted)
    left = np.array([[each.held_out(chosen).sum() for each in sums] for chosen in choices])  # (choices, lags)
    best = left.min(axis=1)
    choice = int(np.argmax(best <= SIMPLER**2 * best.min()))
    lag = int(np.argmin(left[choice]))
    return _fit(drive, places, sums[lag], choices[choice], float(lags[lag]))


def _inputs(drive: CalibrationDrive) -> tuple[str, ...]:
    """Inputs of every kind of the joints that did something."""
    span = {name: float(np.ptp(value)) for name, (_, value) in drive.joints.items()}
    found = []
    for source, size in (("velocity", "speed"), ("effort", "load")):
        own = {name.partition(":")[2]: each for name, each in span.items() if name.startswith(f"{source}:")}
        widest = max(own.values(), default=0.0)
        moved = [joint for joint, each in own.items() if each > STILL * widest]
        found += [f"{kind}:{joint}" for kind in (source, size) for joint in moved]
    if not found:
        known = ", ".join(drive.joints) or "none"
        raise BagError(
            drive.source,
            wanted=f"velocities or efforts on {JOINTS_TOPIC} that change",
            found=known if known == "none" else f"{known}, which never do",
            fix="record joint_states of a robot that drives, with velocity or effort filled in",
        )
    return tuple(found)


def _places(drive: CalibrationDrive, names: Sequence[str], *, lifted: bool) -> RevisitedPoses:
    doing = np.array([drive.doing(name, lag_s) for name in names for lag_s in LAGS_S])
    known: BoolArray = np.isfinite(doing.sum(axis=0))
    if lifted:
        places = single_pose(drive.stamp_ns, known)
    elif drive.pose is None:
        raise BagError(drive.source, wanted="odometry on /odom", found="none", fix=f"record it, and {DRIVE_FIX}")
    else:
        places = find_revisited_poses(drive.stamp_ns, drive.pose, known)
    if places.freedom < 10 * BLOCKS or (len(places.rows) < FEWEST and not lifted):
        raise BagError(
            drive.source,
            wanted=f"a field that was read again and again at the same {FEWEST} places, and joint states of that time",
            found=f"{len(places.rows)} such places, {len(places.row)} readings",
            fix=LIFTED_FIX if lifted else DRIVE_FIX,
        )
    return places


def _choices(drive: CalibrationDrive, places: RevisitedPoses, names: Sequence[str], *, lifted: bool) -> list[list[int]]:
    """Inputs, by number, of each of `CHOICES` that the drive tells something of."""
    doing = np.column_stack([drive.doing(name, 0.0) for name in names])
    size = np.sqrt(np.square(doing[places.row]).mean(axis=0))
    excited = places.within(doing).std(axis=0) > EXCITED * np.maximum(size, 1e-12)
    told = [(number, name.partition(":")[0]) for number, name in enumerate(names) if excited[number]]
    choices = [[number for number, kind in told if kind in kinds] for kinds in CHOICES]
    choices = [choice for number, choice in enumerate(choices) if choice and choice not in choices[:number]]
    if not choices:
        raise BagError(
            drive.source,
            wanted="motors that did one thing and another at the same place",
            found=f"the same each time, at {len(places.rows)} places",
            fix=LIFTED_FIX if lifted else DRIVE_FIX,
        )
    return choices


def _sums(
    drive: CalibrationDrive, places: RevisitedPoses, names: tuple[str, ...], lag_s: float, block: IntArray
) -> _Sums:
    u = places.within(np.column_stack([drive.doing(name, lag_s) for name in names]))
    f = places.within(drive.field_ut)
    own = [block == number for number in range(BLOCKS)]
    return _Sums(
        names,
        np.array([u[rows].T @ u[rows] for rows in own]),
        np.array([u[rows].T @ f[rows] for rows in own]),
        np.array([np.square(f[rows]).sum(axis=0) for rows in own]),
    )


def _fit(drive: CalibrationDrive, places: RevisitedPoses, sums: _Sums, chosen: list[int], lag_s: float) -> MotorFit:
    uu, uf, ff = sums.uu.sum(axis=0)[chosen][:, chosen], sums.uf.sum(axis=0)[chosen], sums.ff.sum(axis=0)
    held_out, names = sums.held_out(chosen), [sums.inputs[number] for number in chosen]
    ut_per_unit, condition = _solve(uu, uf)
    explained = 1.0 - float(held_out.sum() / max(ff.sum(), 1e-12))
    better = (held_out.sum(axis=1) <= sums.ff.sum(axis=1)).mean()
    doubt, seen = sums.doubt(chosen), explained >= GAIN and better >= 0.75
    size = float((ut_per_unit * (uu @ ut_per_unit)).sum())
    if doubt > (DOUBT**2 * size if seen else CLEAR_UT**2 * places.freedom):
        raise _unclear(drive, places, size, doubt)
    if not seen:
        motor, after, held_out = MotorField(), ff, sums.ff
        largest_ut = 0.0
    else:
        motor = MotorField(tuple(names), tuple(map(tuple, ut_per_unit.round(DIGITS).tolist())), round(lag_s, 3))
        after = _left(ut_per_unit, uu, uf, ff)
        doing = np.column_stack([drive.doing(name, lag_s) for name in names])
        largest_ut = float(np.nanmax(np.linalg.norm(doing @ ut_per_unit, axis=1)))

    def rms(squares: FloatArray) -> FloatArray:
        root: FloatArray = np.sqrt(squares / places.freedom)
        return root

    return MotorFit(
        motor,
        len(places.rows),
        len(places.row),
        rms(ff),
        rms(after),
        rms(held_out.sum(axis=0)),
        max(explained, 0.0),
        largest_ut,
        float(np.sqrt(doubt / places.freedom)),
        condition,
        _alike(uu, names),
    )


def _unclear(drive: CalibrationDrive, places: RevisitedPoses, size: float, doubt: float) -> BagError:
    """Another drive would not give this motor field again: sums of the squares of both, as of `_Sums.doubt`."""
    size_ut, doubt_ut = np.sqrt([size / places.freedom, doubt / places.freedom])
    return BagError(
        drive.source,
        wanted="a motor field that stands out from what else changes at the same place",
        found=f"one of {size_ut:.2f} ± {doubt_ut:.2f} µT rms at {len(places.rows)} places",
        fix=DRIVE_FIX,
    )


def _solve(uu: FloatArray, uf: FloatArray) -> tuple[FloatArray, float]:
    """Least squares, (k, 3), where the inputs differ enough, and their condition number there."""
    size = np.sqrt(np.maximum(np.diag(uu), 1e-300))
    value, vector = np.linalg.eigh(uu / size / size[:, None])
    kept = value > SMALLEST * value[-1]
    inverse = (vector[:, kept] / value[kept]) @ vector[:, kept].T
    return inverse @ (uf / size[:, None]) / size[:, None], float(np.sqrt(value[-1] / value[kept][0]))


def _left(ut_per_unit: FloatArray, uu: FloatArray, uf: FloatArray, ff: FloatArray) -> FloatArray:
    """Squared residual, (3,), of a solution."""
    left: FloatArray = ff - 2.0 * (ut_per_unit * uf).sum(axis=0) + (ut_per_unit * (uu @ ut_per_unit)).sum(axis=0)
    return left


def _alike(uu: FloatArray, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    size = np.sqrt(np.maximum(np.diag(uu), 1e-300))
    same = np.abs(uu / size / size[:, None]) > ALIKE
    return tuple((names[a], names[b]) for a, b in np.argwhere(np.triu(same, 1)).tolist())
