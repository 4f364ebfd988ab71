"""`python -m benchmarks halls`: free drives through simulated halls, on maps of lawn-mower surveys."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from mail_ros.cli.console import print_json, print_table, progress
from mail_ros.cli.options import AsJson


def halls(
    buildings: Annotated[int, typer.Option(min=1, max=100, help="How many simulated buildings.")] = 5,
    first: Annotated[int, typer.Option(min=0, help="Seed of the first building.")] = 20,
    lanes: Annotated[
        list[float] | None, typer.Option(min=0.3, max=5.0, help="Survey the hall by lanes this far apart, m.")
    ] = None,
    drives: Annotated[int, typer.Option(min=1, max=100, help="Drives per case and building.")] = 1,
    walks: Annotated[int, typer.Option(min=1, max=10, help="Walks over all lanes, every second one backwards.")] = 1,
    disturb: Annotated[
        bool, typer.Option("--disturb", help="Also the disturbances of docs/robots.md, at the ends of their curves.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Survey halls by parallel lanes, fit a map of the field, and drive freely from an unknown start.

    Example, some minutes: `python -m benchmarks halls --buildings 5 --first 0 --lanes 1 --lanes 2`
    """
    from benchmarks.halls.hall_cases import OWN, disturbed
    from benchmarks.halls.hall_runs import OFF_M, SETTLED_M, compare, hall_result
    from mail_ros.core.types import NEAR_M

    cases, apart_m = [*OWN, *(disturbed(quick=True) if disturb else [])], lanes or [1.0, 2.0]
    with progress("halls") as bar:
        task = bar.add_task("", total=buildings)
        found = compare(range(first, first + buildings), apart_m, cases, drives, walks, lambda: bar.advance(task))
    heads = ["drive", "n", "mean", "median", "p95", f"> {OFF_M:g} m", "localized", f"of these > {NEAR_M:g} m"]
    rows = []
    for spacing_m in apart_m:
        lines = []
        for case in cases:
            one = hall_result(found, spacing_m, case)
            metrics, settled = one.result.metrics, one.result
            errors = [f"{value:.2f}" for value in (metrics.mean_m, metrics.median_m, metrics.p95_m)]
            fractions = [_percent(value) for value in (one.over_1m, settled.localized, settled.localized_off)]
            ratio = f"{one.ratio:.2f} of {case.reference}" if case.reference else ""
            met = "" if math.isinf(case.bar) else f"{case.bar:g} {'met' if one.ratio <= case.bar else 'MISSED'}"
            lines.append([case.name, f"{metrics.estimates:,}", *errors, *fractions, ratio, met])
            known = {"localized": settled.localized, "localized_off": settled.localized_off, "ratio": one.ratio}
            rows.append({"lanes_m": spacing_m, "drive": case.name, **vars(metrics), "over_1m": one.over_1m, **known})
        title = (
            f"{buildings} halls from seed {first}, lanes of {spacing_m:g} m walked {walks} times, {drives} drives each"
        )
        print_table(f"{title}; errors in m, after {SETTLED_M:g} m", [*heads, "ratio", "bar"], lines, (0, 8, 9))
    if as_json:
        print_json(rows)


def _percent(fraction: float) -> str:
    return "-" if math.isnan(fraction) else f"{fraction:.1%}"
