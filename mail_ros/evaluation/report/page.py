"""The report as one self-contained HTML page: numbers, tables, plotly.js and the script that draws."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from plotly.offline import get_plotlyjs

from mail_ros import __version__
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.evaluation.accuracy import errors_table, relation
from mail_ros.evaluation.report import views
from mail_ros.evaluation.report.charts import study_sections
from mail_ros.evaluation.report.runs import Floor, Trajectory
from mail_ros.evaluation.study_table import StudyTable

HERE = Path(__file__).parent
LEDE = (
    "Positions from a magnetometer alone, by every method over the same held-out walks. MAIL is drawn in warm colours, "
    "baselines in cool ones, chance in grey. Click a row to look at a method. Tables and fractions count every "
    f"estimate; maps and curves over time show up to {views.MAX_POINTS} of a walk, evenly chosen."
)


def write_page(
    path: Path,
    floors: Sequence[Floor],
    studies: Sequence[StudyTable] = (),
    plans: Mapping[int, FloorPlan] | None = None,
) -> None:
    """Write the report of floors and studies, of one run or several, with plans by floor; folders are created."""
    several = len({floor.run for floor in floors}) > 1
    names = [f"floor {floor.number}".replace("-", "−") for floor in floors]
    titles = [
        f"{floor.run}, {name}" if several else name.capitalize() for floor, name in zip(floors, names, strict=True)
    ]
    by_id = {f"floor-{index}": each for index, each in enumerate(zip(titles, floors, strict=True))}
    sections, section_links, charts = study_sections(studies, several)
    links = [*(f'<a href="#{id_}">{escape(title)}</a>' for id_, (title, _) in by_id.items()), *section_links]
    numbers = {id_: _numbers(floor, (plans or {}).get(floor.number)) for id_, (_, floor) in by_id.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _fill(
            "page.html",
            title=escape(f"mail_ros accuracy: {', '.join(dict.fromkeys(floor.run for floor in floors))}"),
            lede=LEDE,
            nav="".join(links) if len(links) > 1 else "",
            floors="\n".join(_section(id_, title, floor) for id_, (title, floor) in by_id.items()),
            studies=sections,
            version=__version__,
            style=(HERE / "page.css").read_text(),
            numbers=json.dumps(numbers | {"charts": charts}, separators=(",", ":")).replace("</", "<\\/"),
            plotly=get_plotlyjs(),
            script=(HERE / "page.js").read_text(),
        )
    )


def _fill(template: str, **values: str) -> str:
    return Template((HERE / template).read_text()).substitute(values)


def _section(id_: str, title: str, floor: Floor) -> str:
    return _fill(
        "floor.html",
        id=id_,
        title=escape(title),
        walks=floor.walk_counts,
        table=_errors(floor),
        relation=escape(relation(floor.results)),
        methods=_options(floor.methods),
        names=_options(floor.walks),
        by_walk=_by_walk(floor),
        how=_how(floor),
    )


def _options(names: Sequence[str]) -> str:
    return "".join(f"<option>{escape(name)}</option>" for name in names)


def _how(floor: Floor) -> str:
    """The facts of a run as a list of definitions, and its bags."""
    listed = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in floor.facts().items())
    parts = []
    for part, purpose in (("train", "training"), ("test", "testing")):
        bags = floor.results[0].inputs[part]
        lines = "<br>".join(escape(f"{bag['sha256'][:16]}  {bag['bag']}") for bag in bags)
        summary = f"{len(bags)} walks for {purpose}, with SHA-256"
        parts.append(f"<details><summary>{summary}</summary><code>{lines}</code></details>")
    return f"<dl>{listed}</dl>{''.join(parts)}"


def _table(name: str, head: str, rows: Iterable[tuple[str, str]], floor: Floor) -> str:
    """A table with a row for each method, of HTML cells."""
    paint = views.colours(floor.methods)
    body = "".join(
        f'<tr data-method="{escape(method)}"><td><span class="swatch" style="background:{paint[method]}"></span>'
        f"{escape(method)}</td>{cells}</tr>"
        for method, cells in rows
    )
    return f'<table class="{name}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _errors(floor: Floor) -> str:
    """The table of errors, as on the command line."""
    heads, lines = errors_table(floor.results)
    head = "".join(f"<th>{escape(heading)}</th>" for heading in heads)
    cells = ((method, "".join(f"<td>{escape(value)}</td>" for value in values)) for method, *values in lines)
    return _table("metrics", head, cells, floor)


def _by_walk(floor: Floor) -> str:
    """The median error of every method in every walk, shaded."""
    names = zip(floor.walks, views.short_names(floor.walks), strict=True)
    head = "<th></th>" + "".join(f'<th title="{escape(name)}">{escape(short)}</th>' for name, short in names)
    cells = (
        (method, "".join(_median_cell(walk, floor.trajectories[method][walk].error_m) for walk in floor.walks))
        for method in floor.methods
    )
    return _table("walks", head, cells, floor)


def _median_cell(walk: str, error_m: FloatArray) -> str:
    """From clear at 0.3 m to grey at 30 m."""
    text, shade = "–", "none"
    if len(error_m):
        median_m = float(np.median(error_m))
        darkness = min(max((math.log10(max(median_m, 1e-3)) + 0.5) / 2.0, 0.0), 1.0)
        text, shade = f"{median_m:.2f}", f"rgba(31,41,51,{0.30 * darkness:.2f})"
    return f'<td data-walk="{escape(walk)}" style="background:{shade}">{text}</td>'


def _numbers(floor: Floor, plan: FloorPlan | None) -> dict[str, Any]:
    """The numbers of a floor for page.js."""
    paint = views.colours(floor.methods)
    references: dict[str, list[dict[str, Any]]] = {walk: [] for walk in floor.walks}
    scales_s = floor.scales_s
    return {
        "first": floor.first,
        "walks": floor.walks,
        "probabilities": _list(views.PROBABILITIES, 3),
        "range_m": views.error_axis_m(floor),
        "plan": _plan_image(plan),
        "bounds_m": dict(zip("xy", views.bounds_m(floor).T.tolist(), strict=True)),
        "scales_s": scales_s,
        "scale_colours": views.scale_colours(len(scales_s)),
        "methods": {
            method: {"colour": paint[method], "cdf_m": _list(views.error_cdf(floor, method), 3)}
            for method in floor.methods
        },
        "truth": {walk: _truth(floor, walk) for walk in floor.walks},
        "trajectories": {
            method: {walk: _trajectory(by_walk[walk], references[walk]) for walk in floor.walks}
            for method, by_walk in floor.trajectories.items()
        },
        "references": references,
        "confusions": {
            method: {name: _list(values, 1) for name, values in views.confusions(floor, method).items()}
            for method in floor.methods
        },
    }


def _plan_image(plan: FloorPlan | None) -> list[dict[str, Any]]:
    """The images of a plotly layout: the plan, inside the page itself, or none."""
    if plan is None:
        return []
    left_m, right_m, low_m, high_m = plan.extent_m
    return [
        {
            "source": f"data:image/png;base64,{b64encode(plan.faded_png()).decode()}",
            **{"x": left_m, "y": high_m, "sizex": right_m - left_m, "sizey": high_m - low_m, "xref": "x", "yref": "y"},
            **{"sizing": "stretch", "layer": "below"},
        }
    ]


def _truth(floor: Floor, walk: str) -> dict[str, list[float]]:
    """The true path, at the stamps of the method with most estimates."""
    fullest = max((by_walk[walk] for by_walk in floor.trajectories.values()), key=lambda one: len(one.time_s))
    return dict(zip("xy", map(_list, views.thinned(fullest).reference_m.T), strict=True))


def _trajectory(whole: Trajectory, references: list[dict[str, Any]]) -> dict[str, Any]:
    """Estimates of a method; their stamps and true positions go to `references`, since most methods have the same."""
    trajectory = views.thinned(whole)
    rx, ry = map(_list, trajectory.reference_m.T)
    x, y = map(_list, trajectory.position_m.T)
    breaks = views.gaps(trajectory.time_s).tolist()
    reference = {"time_s": _list(trajectory.time_s, 1), "rx": rx, "ry": ry, "breaks": breaks}
    if reference not in references:
        references.append(reference)
    return {
        **{"reference": references.index(reference), "x": x, "y": y, "error_m": _list(trajectory.error_m)},
        "attention": [_list(weights, 3) for weights in trajectory.attention.T],
        "summary": _summary(whole.error_m),
    }


def _summary(error_m: FloatArray) -> str:
    if not len(error_m):
        return "no estimate in this walk"
    return (
        f"{len(error_m):,} estimates: mean {error_m.mean():.2f} m, median {np.median(error_m):.2f} m, "
        f"worst {error_m.max():.1f} m"
    )


def _list(values: FloatArray | IntArray, digits: int = 2) -> list[float]:
    rounded: list[float] = np.round(values, digits).tolist()
    return rounded
