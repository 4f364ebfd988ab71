"""The field of a robot's motors, by regression on the joint states at revisited poses.

Kinds of inputs are tried from the simplest on. The regression omits directions in which the inputs hardly differ, such
as two wheels that always turn alike: both inputs then get the same coefficient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.platform.robot_file import LAGS_S, MotorField
from mail_ros.core.types import BoolArray, FloatArray, IntArray
from mail_ros.data.bag import JOINTS_TOPIC
from mail_ros.data.calibration.calibration_drive import CalibrationDrive
from mail_ros.data.calibration.revisited_poses import RevisitedPoses, find_revisited_poses, single_pose

CHOICES = (("velocity",), ("effort",), ("velocity", "speed"), ("effort", "load"))
LAG_STEP_S = 0.02
BLOCKS = 8  # blocks of time for cross-validation
MAX_SIMPLER_RATIO = 1.02  # a simpler choice is preferred if its held-out residual is within this ratio of the best
MIN_RANGE_RATIO = 0.1  # joints whose range is below this fraction of the widest are ignored
MIN_EXCITATION = 0.1  # deviation within a pose over the input's size: below, an input is unobservable
MIN_EIGENVALUE_RATIO = 1e-2  # directions with smaller eigenvalues of the inputs' correlation are not solved for
COLLINEAR = 0.98  # correlation
MIN_POSES = 10
MAX_UNCERTAINTY_RATIO = 0.5  # uncertainty over motor field: above, the motor field is unknown
CLEAR_UT = 0.3  # without a visible motor field, an uncertainty up to this means that there is none
DIGITS = 6  # decimal places of µT per unit
MIN_EXPLAINED = 0.01  # fraction of the held-out variance, for a visible motor field
MIN_BETTER_BLOCKS = 0.75  # fraction of the blocks that it must improve
DRIVE_FIX = (
    "drive to and fro over the same few metres, slowly, fast, and slowly again; if the robot was lifted or stationary "
    "while its motors ran, add --lifted"
)
LIFTED_FIX = "run each wheel by itself and both together, slowly and fast, forwards and backwards, and stop in between"


@dataclass(frozen=True)
class MotorFit:
    """A motor field and its uncertainty. Residuals are rms differences at the same pose."""

    motor: MotorField
    poses: int  # revisited poses
    samples: int  # readings at these poses
    before_ut: FloatArray  # (3,) residual with the motor field
    after_ut: FloatArray  # (3,) residual without it
    held_out_ut: FloatArray  # (3,) residual of blocks left out of the fit
    explained: float  # fraction of the held-out variance
    max_ut: float  # largest motor field of the drive
    uncertainty_ut: float  # rms at such poses: jackknife deviation of the motor field
    condition: float  # condition number of the inputs
    collinear: tuple[tuple[str, str], ...]  # pairs of inputs that cannot be separated


@dataclass(frozen=True)
class _Sums:
    """Normal equations of the regression, by block."""

    inputs: tuple[str, ...]
    uu: FloatArray  # (blocks, k, k)
    uf: FloatArray  # (blocks, k, 3)
    ff: FloatArray  # (blocks, 3)

    def select(self, chosen: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Uu and uf of some inputs."""
        return self.uu[:, chosen][:, :, chosen], self.uf[:, chosen]

    def leave_one_out(self, chosen: Sequence[int]) -> FloatArray:
        """(blocks, k, 3) coefficients of fits that each leave out one block."""
        uu, uf = self.select(chosen)
        return np.array([_solve(uu.sum(axis=0) - own, uf.sum(axis=0) - f)[0] for own, f in zip(uu, uf, strict=True)])

    def uncertainty(self, chosen: Sequence[int]) -> float:
        """Sum of squares of the motor field's error over the drive: the jackknife over blocks."""
        fits = self.leave_one_out(chosen)
        deviation = fits - fits.mean(axis=0)
        uu = self.select(chosen)[0].sum(axis=0)
        return float((BLOCKS - 1) / BLOCKS * np.einsum("bki,kl,bli->", deviation, uu, deviation))

    def held_out(self, chosen: Sequence[int]) -> FloatArray:
        """Squared residual, (blocks, 3), of each block by the fit of all others."""
        blocks = zip(self.leave_one_out(chosen), *self.select(chosen), self.ff, strict=True)
        return np.array([_squared_residual(*block) for block in blocks])


def fit_motor(drive: CalibrationDrive, *, lifted: bool) -> MotorFit:
    """Fit the motor field of a drive; it has no inputs where none is visible.

    Args:
        drive: the recorded drive.
        lifted: the robot was stationary, whatever its odometry reports.

    Raises:
        BagError: the drive does not determine the motor field.
    """
    names = _inputs(drive)
    poses = _poses(drive, names, lifted=lifted)
    lags = np.arange(LAGS_S[0], LAGS_S[1] + 1e-9, LAG_STEP_S)
    block = (np.arange(len(drive.stamp_ns)) * BLOCKS // len(drive.stamp_ns))[poses.row]
    sums = [_sums(drive, poses, names, float(lag_s), block) for lag_s in lags]
    choices = _choices(drive, poses, names, lifted=lifted)
    residual = np.array([[each.held_out(chosen).sum() for each in sums] for chosen in choices])  # (choices, lags)
    best = residual.min(axis=1)
    choice = int(np.argmax(best <= MAX_SIMPLER_RATIO**2 * best.min()))
    lag = int(np.argmin(residual[choice]))
    return _fit(drive, poses, sums[lag], choices[choice], float(lags[lag]))


def _inputs(drive: CalibrationDrive) -> tuple[str, ...]:
    """Inputs of every kind, of the joints that moved."""
    ranges = {name: float(np.ptp(value)) for name, (_, value) in drive.joints.items()}
    found = []
    for source, size in (("velocity", "speed"), ("effort", "load")):
        own = {name.partition(":")[2]: each for name, each in ranges.items() if name.startswith(f"{source}:")}
        widest = max(own.values(), default=0.0)
        moved = [joint for joint, each in own.items() if each > MIN_RANGE_RATIO * widest]
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


def _poses(drive: CalibrationDrive, names: Sequence[str], *, lifted: bool) -> RevisitedPoses:
    values = np.array([drive.input_values(name, lag_s) for name in names for lag_s in LAGS_S])
    known: BoolArray = np.isfinite(values.sum(axis=0))
    if lifted:
        poses = single_pose(drive.stamp_ns, known)
    elif drive.pose is None:
        raise BagError(drive.source, wanted="odometry on /odom", found="none", fix=f"record it, and {DRIVE_FIX}")
    else:
        poses = find_revisited_poses(drive.stamp_ns, drive.pose, known)
    if poses.degrees_of_freedom < 10 * BLOCKS or (len(poses.rows) < MIN_POSES and not lifted):
        raise BagError(
            drive.source,
            wanted=f"field and joint states of several visits at the same {MIN_POSES} poses",
            found=f"{len(poses.rows)} such poses, {len(poses.row)} readings",
            fix=LIFTED_FIX if lifted else DRIVE_FIX,
        )
    return poses


def _choices(drive: CalibrationDrive, poses: RevisitedPoses, names: Sequence[str], *, lifted: bool) -> list[list[int]]:
    """Indices of the observable inputs of each of `CHOICES`."""
    values = np.column_stack([drive.input_values(name, 0.0) for name in names])
    size = np.sqrt(np.square(values[poses.row]).mean(axis=0))
    excited = poses.residual(values).std(axis=0) > MIN_EXCITATION * np.maximum(size, 1e-12)
    observable = [(number, name.partition(":")[0]) for number, name in enumerate(names) if excited[number]]
    choices = [[number for number, kind in observable if kind in kinds] for kinds in CHOICES]
    choices = [choice for number, choice in enumerate(choices) if choice and choice not in choices[:number]]
    if not choices:
        raise BagError(
            drive.source,
            wanted="motors that run differently at the same pose",
            found=f"the same each time, at {len(poses.rows)} poses",
            fix=LIFTED_FIX if lifted else DRIVE_FIX,
        )
    return choices


def _sums(
    drive: CalibrationDrive, poses: RevisitedPoses, names: tuple[str, ...], lag_s: float, block: IntArray
) -> _Sums:
    u = poses.residual(np.column_stack([drive.input_values(name, lag_s) for name in names]))
    f = poses.residual(drive.field_ut)
    own = [block == number for number in range(BLOCKS)]
    return _Sums(
        names,
        np.array([u[rows].T @ u[rows] for rows in own]),
        np.array([u[rows].T @ f[rows] for rows in own]),
        np.array([np.square(f[rows]).sum(axis=0) for rows in own]),
    )


def _fit(drive: CalibrationDrive, poses: RevisitedPoses, sums: _Sums, chosen: list[int], lag_s: float) -> MotorFit:
    (uu, uf), ff = (part.sum(axis=0) for part in sums.select(chosen)), sums.ff.sum(axis=0)
    held_out, names = sums.held_out(chosen), [sums.inputs[number] for number in chosen]
    ut_per_unit, condition = _solve(uu, uf)
    explained = 1.0 - float(held_out.sum() / max(ff.sum(), 1e-12))
    better = (held_out.sum(axis=1) <= sums.ff.sum(axis=1)).mean()
    visible = explained >= MIN_EXPLAINED and better >= MIN_BETTER_BLOCKS
    uncertainty = sums.uncertainty(chosen)
    size = float((ut_per_unit * (uu @ ut_per_unit)).sum())
    if uncertainty > (MAX_UNCERTAINTY_RATIO**2 * size if visible else CLEAR_UT**2 * poses.degrees_of_freedom):
        size_ut, uncertainty_ut = np.sqrt(np.array([size, uncertainty]) / poses.degrees_of_freedom)
        raise BagError(
            drive.source,
            wanted="a motor field that stands out from what else changes at the same pose",
            found=f"one of {size_ut:.2f} ± {uncertainty_ut:.2f} µT rms at {len(poses.rows)} poses",
            fix=DRIVE_FIX,
        )
    if not visible:
        motor, after, held_out = MotorField(), ff, sums.ff
        max_ut = 0.0
    else:
        motor = MotorField(tuple(names), tuple(map(tuple, ut_per_unit.round(DIGITS).tolist())), round(lag_s, 3))
        after = _squared_residual(ut_per_unit, uu, uf, ff)
        values = np.column_stack([drive.input_values(name, lag_s) for name in names])
        max_ut = float(np.nanmax(np.linalg.norm(values @ ut_per_unit, axis=1)))

    def rms(squares: FloatArray) -> FloatArray:
        return np.sqrt(squares / poses.degrees_of_freedom)

    return MotorFit(
        motor,
        len(poses.rows),
        len(poses.row),
        rms(ff),
        rms(after),
        rms(held_out.sum(axis=0)),
        max(explained, 0.0),
        max_ut,
        float(np.sqrt(uncertainty / poses.degrees_of_freedom)),
        condition,
        _collinear(uu, names),
    )


def _solve(uu: FloatArray, uf: FloatArray) -> tuple[FloatArray, float]:
    """Least squares (k, 3) along the directions in which the inputs differ, and their condition number."""
    size = np.sqrt(np.maximum(np.diag(uu), 1e-300))
    value, vector = np.linalg.eigh(uu / size / size[:, None])
    kept = value > MIN_EIGENVALUE_RATIO * value[-1]
    inverse = (vector[:, kept] / value[kept]) @ vector[:, kept].T
    return inverse @ (uf / size[:, None]) / size[:, None], float(np.sqrt(value[-1] / value[kept][0]))


def _squared_residual(ut_per_unit: FloatArray, uu: FloatArray, uf: FloatArray, ff: FloatArray) -> FloatArray:
    """Squared residual, (3,), of a solution."""
    residual: FloatArray = ff - 2.0 * (ut_per_unit * uf).sum(axis=0) + (ut_per_unit * (uu @ ut_per_unit)).sum(axis=0)
    return residual


def _collinear(uu: FloatArray, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    size = np.sqrt(np.maximum(np.diag(uu), 1e-300))
    same = np.abs(uu / size / size[:, None]) > COLLINEAR
    return tuple((names[a], names[b]) for a, b in np.argwhere(np.triu(same, 1)).tolist())
