"""The report as one HTML page that needs nothing else: numbers, tables, plotly.js and what draws them."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from plotly.offline import get_plotlyjs

from mail_ros import __version__
from mail_ros.core.types import FloatArray
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.evaluation.accuracy import relation
from mail_ros.evaluation.metrics import metric_columns, metric_row
from mail_ros.evaluation.report.provenance import how
from mail_ros.evaluation.report.runs import Course, Floor, StudyTable
from mail_ros.evaluation.report.study_sections import study_sections
from mail_ros.evaluation.report.views import (
    POINTS,
    SHARES,
    bounds_m,
    colours,
    error_axis_m,
    error_cdf,
    gaps,
    mistakes,
    scale_colours,
    short_names,
    thinned,
)

HERE = Path(__file__).parent


def write_page(
    path: Path,
    floors: Sequence[Floor],
    studies: Sequence[StudyTable] = (),
    plans: Mapping[int, FloorPlan] | None = None,
) -> None:
    """Write the report of some floors and studies, of one run or several, over `plans` by floor; folders are made."""
    several = len({floor.run for floor in floors}) > 1
    ids = [f"floor-{index}" for index in range(len(floors))]
    names = [f"floor {floor.number}".replace("-", "−") for floor in floors]
    titles = [
        f"{floor.run}, {name}" if several else name.capitalize() for floor, name in zip(floors, names, strict=True)
    ]
    links = [f'<a href="#{name}">{escape(title)}</a>' for name, title in zip(ids, titles, strict=True)]
    sections = study_sections(studies, several)
    links += sections.links
    of_floors = {
        name: _numbers(floor, (plans or {}).get(floor.number)) for name, floor in zip(ids, floors, strict=True)
    }
    numbers = json.dumps(of_floors | {"charts": sections.charts}, separators=(",", ":"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _fill(
            "page.html",
            title=escape(f"mail_ros accuracy: {', '.join(dict.fromkeys(floor.run for floor in floors))}"),
            lede=_lede(),
            nav="".join(links) if len(links) > 1 else "",
            floors="\n".join(
                _section(name, title, floor) for name, title, floor in zip(ids, titles, floors, strict=True)
            ),
            studies=sections.html,
            version=__version__,
            style=(HERE / "page.css").read_text(),
            numbers=numbers.replace("</", "<\\/"),
            plotly=get_plotlyjs(),
            script=(HERE / "page.js").read_text(),
        )
    )


def _lede() -> str:
    return (
        "Positions from a magnetometer alone, by every method over the same held-out walks. MAIL is drawn in warm "
        "colours, its peers in cool ones, chance in grey. Click a row to look at a method. Tables and shares count "
        f"every estimate; maps and curves over time show {POINTS} of a walk at most, evenly chosen."
    )


def _fill(template: str, **values: str) -> str:
    return Template((HERE / template).read_text()).substitute(values)


def _section(name: str, title: str, floor: Floor) -> str:
    train, test = (len(floor.results[0].inputs[part]) for part in ("train", "test"))
    return _fill(
        "floor.html",
        id=name,
        title=escape(title),
        walks=f"{train} walks to learn from, {test} to be judged on",
        table=_table(floor),
        relation=escape(relation(floor.results)),
        methods=_options(floor.methods),
        names=_options(floor.walks),
        by_walk=_by_walk(floor),
        how=how(floor),
    )


def _options(names: Sequence[str]) -> str:
    return "".join(f"<option>{escape(name)}</option>" for name in names)


def _swatch(floor: Floor, method: str) -> str:
    return f'<td><span class="swatch" style="background:{colours(floor.methods)[method]}"></span>{escape(method)}</td>'


def _table(floor: Floor) -> str:
    """The table of the command line."""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in ("", *metric_columns(), "ms"))
    rows = []
    for row in floor.results:
        values = (*metric_row(row.metrics), f"{row.estimate_ms:.2f}")
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        rows.append(f'<tr data-method="{escape(row.method)}">{_swatch(floor, row.method)}{cells}</tr>')
    return f'<table class="metrics"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _by_walk(floor: Floor) -> str:
    """The median error of every method in every walk, shaded."""
    names = zip(floor.walks, short_names(floor.walks), strict=True)
    head = "<th></th>" + "".join(f'<th title="{escape(name)}">{escape(short)}</th>' for name, short in names)
    rows = []
    for method in floor.methods:
        medians = {walk: _median(floor.courses[method][walk].error_m) for walk in floor.walks}
        cells = "".join(
            f'<td data-walk="{escape(walk)}" style="background:{_shade(value)}">{_cell(value)}</td>'
            for walk, value in medians.items()
        )
        rows.append(f'<tr data-method="{escape(method)}">{_swatch(floor, method)}{cells}</tr>')
    return f'<table class="walks"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _median(error_m: FloatArray) -> float:
    return float(np.median(error_m)) if len(error_m) else math.nan


def _cell(error_m: float) -> str:
    return "–" if math.isnan(error_m) else f"{error_m:.2f}"


def _shade(error_m: float) -> str:
    """From clear at 0.3 m to grey at 30 m."""
    if math.isnan(error_m):
        return "none"
    share = min(max((math.log10(max(error_m, 1e-3)) + 0.5) / 2.0, 0.0), 1.0)
    return f"rgba(31,41,51,{0.30 * share:.2f})"


def _numbers(floor: Floor, plan: FloorPlan | None) -> dict[str, Any]:
    """What page.js draws of a floor."""
    paint = colours(floor.methods)
    ways: dict[str, list[dict[str, Any]]] = {walk: [] for walk in floor.walks}
    scales_s = floor.scales_s
    return {
        "first": floor.first,
        "walks": floor.walks,
        "shares": _list(SHARES, 3),
        "range_m": error_axis_m(floor),
        "plan": _plan_image(plan),
        "bounds_m": dict(zip("xy", bounds_m(floor).T.tolist(), strict=True)),
        "scales_s": scales_s,
        "scale_colours": scale_colours(len(scales_s)),
        "methods": {
            method: {"colour": paint[method], "cdf_m": _list(error_cdf(floor, method), 3)} for method in floor.methods
        },
        "truth": {walk: _truth(floor, walk) for walk in floor.walks},
        "courses": {
            method: {walk: _course(floor.courses[method][walk], ways[walk]) for walk in floor.walks}
            for method in floor.methods
        },
        "ways": ways,
        "places": {method: _places(floor, method) for method in floor.methods},
    }


def _plan_image(plan: FloorPlan | None) -> list[dict[str, Any]]:
    """The images of a plotly layout: the plan, inside the page itself, or none."""
    if plan is None:
        return []
    left_m, right_m, low_m, high_m = plan.extent_m
    return [
        {
            "source": f"data:image/png;base64,{b64encode(plan.faded_png()).decode()}",
            "x": left_m,
            "y": high_m,
            "sizex": right_m - left_m,
            "sizey": high_m - low_m,
            "xref": "x",
            "yref": "y",
            "sizing": "stretch",
            "layer": "below",
        }
    ]


def _truth(floor: Floor, walk: str) -> dict[str, list[float]]:
    """The path as the method with most estimates met it."""
    fullest = max((courses[walk] for courses in floor.courses.values()), key=lambda course: len(course.time_s))
    reference_m = thinned(fullest).reference_m
    return {"x": _list(reference_m[:, 0]), "y": _list(reference_m[:, 1])}


def _course(whole: Course, ways: list[dict[str, Any]]) -> dict[str, Any]:
    """What a method said; when and where that was goes to `ways`, since most methods share it."""
    course = thinned(whole)
    way = {
        "time_s": _list(course.time_s, 1),
        "rx": _list(course.reference_m[:, 0]),
        "ry": _list(course.reference_m[:, 1]),
        "breaks": gaps(course.time_s).tolist(),
    }
    if way not in ways:
        ways.append(way)
    return {
        "way": ways.index(way),
        "x": _list(course.position_m[:, 0]),
        "y": _list(course.position_m[:, 1]),
        "error_m": _list(course.error_m),
        "attention": [_list(weights, 3) for weights in course.attention.T],
        "said": _said(whole.error_m),
    }


def _said(error_m: FloatArray) -> str:
    if not len(error_m):
        return "no estimate in this walk"
    return (
        f"{len(error_m):,} estimates: mean {error_m.mean():.2f} m, median {np.median(error_m):.2f} m, "
        f"worst {error_m.max():.1f} m"
    )


def _places(floor: Floor, method: str) -> dict[str, Any]:
    found = mistakes(floor, method)
    points = {"": found.cell_m, "from_": found.from_m, "to_": found.to_m}
    numbers: dict[str, Any] = {
        f"{name}{axis}": _list(place_m[:, at], 1) for name, place_m in points.items() for at, axis in enumerate("xy")
    }
    return numbers | {
        "estimates": found.estimates.tolist(),
        "wrong": found.wrong.tolist(),
        "times": found.times.tolist(),
    }


def _list(values: FloatArray, digits: int = 2) -> list[float]:
    rounded: list[float] = np.round(values, digits).tolist()
    return rounded
