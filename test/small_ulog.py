"""Small ULog files, as docs.px4.io describes the format."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

MAGIC = b"\x55\x4c\x6f\x67\x01\x12\x35\x01"
CODES = {"uint64_t": "Q", "float": "f", "float[3]": "3f", "float[4]": "4f", "bool": "?"}
Fields = Mapping[str, str]  # types by name
FIELD: Fields = {"timestamp": "uint64_t", "timestamp_sample": "uint64_t", "magnetometer_ga": "float[3]"}
ATTITUDE: Fields = {"timestamp": "uint64_t", "q": "float[4]"}
SENSORS: Fields = {"timestamp": "uint64_t", "gyro_rad": "float[3]", "accelerometer_m_s2": "float[3]"}
POSITION: Fields = {"timestamp": "uint64_t", "x": "float", "y": "float", "heading": "float", "xy_valid": "bool"}
GPS: Fields = {"timestamp": "uint64_t", "time_utc_usec": "uint64_t"}


def ulog(topics: Mapping[str, tuple[Fields, Sequence[Sequence[float]]]]) -> bytes:
    """A file with some topics: their fields, and the rows of values."""
    content = MAGIC + struct.pack("<Q", 0) + _message("B", bytes(40))
    content += _message("I", _key("char[3] sys_name") + b"PX4")
    for name, (fields, _) in topics.items():
        written = "".join(f"{kind} {field};" for field, kind in fields.items())
        content += _message("F", f"{name}:{written}".encode())
    for number, (name, (fields, rows)) in enumerate(topics.items()):
        content += _message("A", struct.pack("<BH", 0, number) + name.encode())
        code = "<" + "".join(CODES[kind] for kind in fields.values())
        content += b"".join(_message("D", struct.pack("<H", number) + struct.pack(code, *row)) for row in rows)
    return content


def small_flight(path: Path, count: int = 100) -> Path:
    """Two seconds to the north at 1 m/s, level, with all that is read."""
    times = [1_000_000 + 20_000 * number for number in range(count)]
    path.write_bytes(
        ulog(
            {
                "vehicle_magnetometer": (FIELD, [(time + 500, time, 0.2, 0.03, 0.44) for time in times]),
                "vehicle_attitude": (ATTITUDE, [(time, 1, 0, 0, 0) for time in times]),
                "sensor_combined": (SENSORS, [(time, 0, 0, 0.1, 0, 0, -9.81) for time in times]),
                "vehicle_local_position": (
                    POSITION,
                    [(time, 0.02 * number, 5.0, 0.0, number > 0) for number, time in enumerate(times)],
                ),
                "sensor_gps": (GPS, [(2_000_000, 1_700_000_001_000_000)]),
            }
        )
    )
    return path


def _message(kind: str, content: bytes) -> bytes:
    return struct.pack("<Hc", len(content), kind.encode()) + content


def _key(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()
