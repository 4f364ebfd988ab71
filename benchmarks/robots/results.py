"""Results of one run, and the bars that it meets."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.robots.cases import Curve
from benchmarks.robots.cost import Cost
from benchmarks.robots.rows import GROWTH, PLAIN_BAR, STILL_M, TIME_BAR, YAW_BAR, Row, StopRow, YawRow


@dataclass(frozen=True)
class Bar:
    """A limit that must hold."""

    what: str
    wanted: str
    found: str
    met: bool


@dataclass(frozen=True)
class Results:
    """Measurements of one run."""

    curves: Sequence[Curve]
    rows: Sequence[Row]
    stops: Sequence[StopRow]
    yaw: Sequence[YawRow]
    costs: Sequence[Cost]
    buildings: int
    drives: int  # per case and building

    def bars(self) -> list[Bar]:
        """Every bar, met or missed."""
        return [*self._curve_bars(), *self._stop_bars(), *self._yaw_bars(), *self._plain_bars()]

    def _curve_bars(self) -> Iterator[Bar]:
        for curve in self.curves:
            after = [row for row in self.rows if row.curve == curve.name and row.model == "after"]
            worst = max(after, key=lambda row: row.ratio / row.bar)
            wanted = " and ".join(f"{bar:g}" for bar in sorted({row.bar for row in after}))
            found = f"{worst.ratio:.2f} at {worst.x:g}"
            yield Bar(
                f"{curve.title} ({curve.axis})", f"≤ {wanted} × undisturbed", found, all(row.met for row in after)
            )

    def _stop_bars(self) -> Iterator[Bar]:
        for row in self.stops:
            if row.model == "after":
                moved = row.moved_m <= STILL_M
                yield Bar("A pose in a stop", f"moves ≤ {STILL_M:g} m", f"max {row.moved_m:.3f} m", moved)
                low, _, high = row.growth
                grown = GROWTH[0] <= low and high <= GROWTH[1]
                wanted = f"deviation × {GROWTH[0]:g} to {GROWTH[1]:g}: odometry reports no motion"
                yield Bar("Its covariance", wanted, f"× {low:.2f} to {high:.2f}", grown)

    def _yaw_bars(self) -> Iterator[Bar]:
        for row in self.yaw:
            if row.axes == "gravity" and row.rotated:
                for against, ratio in (("its own", row.ratio), ("the device axes'", row.ratio_device)):
                    what = f"Recorded walks, floor {row.floor}, each rotated by a random angle"
                    yield Bar(what, f"≤ {YAW_BAR:g} × {against} as walked", f"{ratio:.2f}", ratio <= YAW_BAR)

    def _plain_bars(self) -> Iterator[Bar]:
        before, after = (
            next(row.undisturbed_m for row in self.rows if row.model == model) for model in ("before", "after")
        )
        found = f"{after / before:.2f}: {after:.3f} m, {before:.3f} m before"
        yield Bar("Undisturbed drives: error", f"≤ {PLAIN_BAR:g} × before", found, after <= PLAIN_BAR * before)
        was, now = self.costs
        found = f"{now.ratio:.2f}: {now.sample_us:.0f} µs per sample, {was.sample_us:.0f} before"
        yield Bar("Undisturbed drives: time", f"≤ {TIME_BAR:g} × before", found, now.ratio <= TIME_BAR)

    def plain(self) -> dict[str, list[dict[str, Any]]]:
        """The results as JSON values."""
        parts = {
            name: [dataclasses.asdict(each) for each in getattr(self, name)]
            for name in ("rows", "stops", "yaw", "costs")
        }
        return {**parts, "bars": [dataclasses.asdict(bar) for bar in self.bars()]}

    def write(self, out: Path) -> None:
        """Write `robots.json`, and the curves' rows as `robots.csv`."""
        parts = self.plain()
        out.mkdir(parents=True, exist_ok=True)
        (out / "robots.json").write_text(json.dumps(parts, indent=2) + "\n")
        with (out / "robots.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in dataclasses.fields(Row)])
            writer.writeheader()
            writer.writerows(parts["rows"])
