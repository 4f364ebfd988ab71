"""Where a body is at every tick of its sensors, how it leans, and how it is accelerated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.noise import waves
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.simulator.trajectory import Course

STEP_M = 0.62  # of a person
BOB_M, SIDE_M = 0.02, 0.02  # up and down with every step, to the side with every second
NOD_RAD, ROLL_RAD, YAW_RAD = 0.012, 0.015, 0.02  # likewise
SWAY_S = (0.7, 6.0)  # periods
AT_REST_M_S = 0.3  # below this, sway and gait fade out


@dataclass(frozen=True)
class Motion:
    """A body whenever it measures; the map's axes are x, y and up."""

    time_s: FloatArray  # (n,)
    position_m: FloatArray  # (n, 3) on the floor, but for a person's bobbing
    roll_rad: FloatArray  # (n,) of the body: x ahead, y to the left
    pitch_rad: FloatArray  # (n,)
    heading_rad: FloatArray  # (n,) from x to y, without jumps
    speed_m_s: FloatArray  # (n,) ahead, negative backwards
    turn_rad_s: FloatArray  # (n,)
    acceleration_m_s2: FloatArray  # (n, 3) in the map's axes, without gravity


def motion(course: Course, config: DriveConfig, rng: np.random.Generator) -> Motion:
    """A course at `config.rate_hz`, with the body's sway, its lean, and a person's gait."""
    time_s = np.arange(int(course.time_s[-1] * config.rate_hz) + 1) / config.rate_hz
    place_m, heading_rad, speed_m_s = _at(course, time_s)
    turn_rad_s = np.gradient(heading_rad) * config.rate_hz
    moving = np.minimum(np.abs(speed_m_s) / AT_REST_M_S, 1.0)
    leans_to = rng.uniform(0.0, 2.0 * np.pi)
    roll_rad, pitch_rad = (
        lean * config.tilt_rad + config.sway_rad * moving * waves(time_s, *SWAY_S, rng)
        for lean in (np.cos(leans_to), np.sin(leans_to))
    )
    ahead, left = _axes(heading_rad)
    acceleration_m_s2 = np.zeros((len(time_s), 3))
    acceleration_m_s2[:, :2] = (
        np.gradient(speed_m_s)[:, None] * config.rate_hz * ahead + (speed_m_s * turn_rad_s)[:, None] * left
    )
    position_m = np.column_stack([place_m, np.zeros(len(time_s))])
    if config.who == "person":
        phase = 2.0 * np.pi * np.cumsum(np.abs(speed_m_s)) / config.rate_hz / STEP_M
        cadence_rad_s = 2.0 * np.pi * np.abs(speed_m_s) / STEP_M
        position_m[:, 2] = BOB_M * moving * np.sin(phase)
        position_m[:, :2] += (SIDE_M * moving * np.sin(phase / 2.0))[:, None] * left
        acceleration_m_s2[:, 2] = -np.square(cadence_rad_s) * position_m[:, 2]
        roll_rad = roll_rad + ROLL_RAD * moving * np.sin(phase / 2.0)
        pitch_rad = pitch_rad + NOD_RAD * moving * np.sin(phase)
        heading_rad = heading_rad + YAW_RAD * moving * np.cos(phase / 2.0)
    return Motion(time_s, position_m, roll_rad, pitch_rad, heading_rad, speed_m_s, turn_rad_s, acceleration_m_s2)


def sensor_place_m(motion: Motion, config: DriveConfig) -> FloatArray:
    """(n, 3) where the magnetometer is, over the floor; leaning turns the body about it."""
    ahead, _ = _axes(motion.heading_rad)
    place_m: FloatArray = motion.position_m + np.array([0.0, 0.0, config.height_m])
    place_m[:, :2] += config.ahead_m * ahead
    return place_m


def _at(course: Course, time_s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Place (n, 2), heading and speed (n,) at any time: speed changes evenly between two steps of the course."""
    step = np.clip(np.searchsorted(course.time_s, time_s, side="right") - 1, 0, len(course.time_s) - 2)
    share = (time_s - course.time_s[step]) / np.diff(course.time_s)[step]  # of the step's time
    before_m_s, after_m_s = course.speed_m_s[step], course.speed_m_s[step + 1]
    speed_m_s = before_m_s + share * (after_m_s - before_m_s)
    way = (before_m_s + speed_m_s) * share  # and of its length, where it has one
    done = np.divide(way, before_m_s + after_m_s, out=share.copy(), where=before_m_s + after_m_s != 0.0)
    place_m = course.place_m[step] + done[:, None] * np.diff(course.place_m, axis=0)[step]
    heading_rad = course.heading_rad[step] + done * np.diff(course.heading_rad)[step]
    return place_m, heading_rad, speed_m_s


def _axes(heading_rad: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(n, 2) ahead and to the left."""
    cosine, sine = np.cos(heading_rad), np.sin(heading_rad)
    return np.column_stack([cosine, sine]), np.column_stack([-sine, cosine])
