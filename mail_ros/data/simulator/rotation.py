"""Rotations of many samples at once; `core.platform.robot_file.rotation` makes the matrices."""

from __future__ import annotations

import numpy as np

from mail_ros.core.types import FloatArray


def attitude(roll_rad: FloatArray, pitch_rad: FloatArray, yaw_rad: FloatArray) -> FloatArray:
    """(n, 4) quaternions x, y, z, w of rotations about z, then the new y, then the new x (REP-103)."""
    (cos_r, sin_r), (cos_p, sin_p), (cos_y, sin_y) = (
        (np.cos(angle / 2.0), np.sin(angle / 2.0)) for angle in (roll_rad, pitch_rad, yaw_rad)
    )
    return np.column_stack(
        [
            sin_r * cos_p * cos_y - cos_r * sin_p * sin_y,
            cos_r * sin_p * cos_y + sin_r * cos_p * sin_y,
            cos_r * cos_p * sin_y - sin_r * sin_p * cos_y,
            cos_r * cos_p * cos_y + sin_r * sin_p * sin_y,
        ]
    )


def to_body(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Vectors (n, 3) of the outer axes in the axes of bodies with attitudes `matrix` (n, 3, 3)."""
    rotated: FloatArray = np.einsum("nij,ni->nj", matrix, vector)
    return rotated


def about_z(angle_rad: float) -> FloatArray:
    """(3, 3) from axes rotated by this angle about z to the outer axes."""
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
