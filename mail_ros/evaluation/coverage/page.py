"""A site's coverage as one HTML page: maps to zoom into, what is still to be walked, and every walk's verdict."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from mail_ros import __version__
from mail_ros.data.check.bag_report import BagReport
from mail_ros.data.check.site_report import SiteReport
from mail_ros.data.coverage import Coverage, Need
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.data.track import FloatArray
from mail_ros.evaluation.background import NO_PLANS, plan_image
from mail_ros.evaluation.coverage.marks import (
    INK,
    LOOKS,
    QUIET,
    SHORT,
    arrows,
    dashes,
    extent_m,
    numbered,
    summary,
)

PX_PER_PT = 4 / 3
WIDTH_PX = 900.0  # by which a map's height is chosen
HEIGHT_PX = (260.0, 900.0)
TEMPLATE = Path(__file__).parent / "page.html"


def write_coverage_page(path: Path, site: SiteReport, plans: Mapping[int, FloorPlan] = NO_PLANS) -> None:
    """Write the page of a site, its floors over their plans; parent folders are made."""
    usable = sum(verdict.usable for verdict in site.bags)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        Template(TEMPLATE.read_text()).substitute(
            title=escape(f"{site.name}: coverage by {usable} usable of {len(site.bags)} walks"),
            lede="Every metre of path that was walked, and what it lacks: walk what is red and orange again, the way "
            "the arrows point. Point at a metre to see how often it was passed. What nobody walked has no line.",
            legend="".join(
                f'<span class="key" style="border-top:{look.width:g}pt solid {look.colour}"></span>{look.words}'
                for look in LOOKS.values()
            ),
            plotly=get_plotlyjs(),
            floors="\n".join(_section(floor, plans.get(floor.floor)) for floor in site.floors)
            or "<p>No usable walk has a place.</p>",
            walks=_walks(site.bags),
            version=__version__,
        )
    )


def _section(floor: Coverage, plan: FloorPlan | None) -> str:
    title = escape(summary(floor))
    items = "".join(
        f"<li>walk {stretch.length_m:.0f} m {SHORT[stretch.need]}, around "
        f"({stretch.position_m[0]:.1f}, {stretch.position_m[1]:.1f})</li>"
        for stretch in numbered(floor)
    )
    todo = f"<ol>{items}</ol>" if items else "<p>Nothing is missing along these paths.</p>"
    config = {"displaylogo": False, "responsive": True, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}
    chart = _figure(floor, plan).to_html(full_html=False, include_plotlyjs=False, config=config)
    return f'<h2>{title[0].upper()}{title[1:]}</h2><div class="floor">{todo}<div class="map">{chart}</div></div>'


def _figure(floor: Coverage, plan: FloorPlan | None) -> Any:
    figure = go.Figure()
    for need, look in LOOKS.items():
        x, y = _broken(dashes(floor, need))
        figure.add_scatter(
            x=x, y=y, mode="lines", line={"color": look.colour, "width": PX_PER_PT * look.width}, hoverinfo="skip"
        )
    for need in (Need.OTHER_WAY, Need.AGAIN):
        x, y = _broken(arrows(floor, need))
        for colour, width in (("#ffffff", 5.0), (INK, 2.0)):  # a halo, to stand out from the path
            figure.add_scatter(x=x, y=y, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip")
    figure.add_scatter(
        x=np.round(floor.position_m[:, 0], 2).tolist(),
        y=np.round(floor.position_m[:, 1], 2).tolist(),
        mode="markers",
        marker={"size": 11, "opacity": 0.0, "color": INK},
        text=[_passes(floor, at) for at in range(len(floor.position_m))],
        hovertemplate="%{text}<br>(%{x:.1f}, %{y:.1f}) m<extra></extra>",
    )
    for number, stretch in enumerate(numbered(floor), 1):
        figure.add_annotation(
            x=stretch.position_m[0],
            y=stretch.position_m[1],
            text=f"<b>{number}</b>",
            ax=16,
            ay=-16,
            arrowwidth=1,
            arrowcolor=INK,
            bgcolor=INK,
            borderpad=3,
            font={"color": "#ffffff", "size": 12},
        )
    figure.update_layout(**_layout(floor, plan))
    return figure


def _layout(floor: Coverage, plan: FloorPlan | None) -> dict[str, Any]:
    """Axes of one scale, over the plan."""
    low_m, size_m = extent_m(floor, plan)
    axis = {
        "gridcolor": "#eef1f4",
        "showgrid": plan is None,
        "zeroline": False,
        "tickfont": {"color": QUIET},
        "constrain": "domain",
    }
    return {
        "images": plan_image(plan),
        "height": float(np.clip(WIDTH_PX * size_m[1] / size_m[0], *HEIGHT_PX)),
        "margin": {"l": 46, "r": 6, "t": 32, "b": 40},
        "showlegend": False,
        "hovermode": "closest",
        "plot_bgcolor": "#ffffff",
        "font": {"color": INK},
        "xaxis": {**axis, "title": "x, m", "range": [low_m[0], low_m[0] + size_m[0]]},
        "yaxis": {**axis, "title": "y, m", "range": [low_m[1], low_m[1] + size_m[1]], "scaleanchor": "x"},
    }


def _passes(floor: Coverage, at: int) -> str:
    """How often a metre was passed, by the compass of the map: x to the right."""
    degrees = round(np.degrees(floor.heading_rad[at])) % 360
    ways = [(degrees, floor.forward[at]), ((degrees + 180) % 360, floor.backward[at])]
    return ", ".join(f"{count} × towards {way}°" for way, count in ways)


def _broken(lines_m: FloatArray) -> tuple[list[float | None], list[float | None]]:
    """Lines (m, points, 2) one after another, with nothing in between."""
    x: list[float | None] = []
    y: list[float | None] = []
    for line_m in np.round(lines_m, 2).tolist():
        x += [place[0] for place in line_m] + [None]
        y += [place[1] for place in line_m] + [None]
    return x, y


def _walks(verdicts: tuple[BagReport, ...]) -> str:
    """A row for each walk; its findings in words."""
    rows = []
    for verdict in verdicts:
        found = "<br>".join(
            escape(f"{finding.level.name.lower()}, {finding.name}: {finding.message}") for finding in verdict.findings
        )
        numbers = "".join(
            f'<td class="number">{verdict.numbers[name]:,.{digits}f}</td>' if name in verdict.numbers else "<td></td>"
            for name, digits in (("path_m", 0), ("speed_m_s", 2), ("windows", 0))
        )
        rows.append(
            f'<tr class="{"yes" if verdict.usable else "no"}"><td>{escape(verdict.bag)}</td>'
            f"<td>{'usable' if verdict.usable else 'not usable'}</td>{numbers}<td>{found}</td></tr>"
        )
    head = "<tr><th>bag</th><th>verdict</th><th>path, m</th><th>m/s</th><th>windows</th><th>found</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"
