"""The studies as sections of the page: charts per floor, and the table behind them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

from mail_ros.evaluation.report.charts import Chart, charts
from mail_ros.evaluation.report.runs import StudyTable
from mail_ros.evaluation.study_rows import words


class Sections(NamedTuple):
    """What the page holds of all studies."""

    html: str
    links: list[str]  # one per section
    charts: dict[str, dict[str, Any]]  # what page.js draws, by the id of its place


def study_sections(studies: Sequence[StudyTable], several: bool) -> Sections:
    """All sections; titles name the run where there are several."""
    html, links = [], []
    drawn: dict[str, dict[str, Any]] = {}
    for index, study in enumerate(studies):
        id_ = f"study-{index}"
        title = escape(f"{study.run}, {study.name}" if several else study.name.capitalize())
        links.append(f'<a href="#{id_}">{title}</a>')
        parts = []
        for place, group in enumerate(study.groups):
            of_group = {f"{id_}-{place}-{number}": chart for number, chart in enumerate(charts(study, group))}
            drawn |= {name: dataclasses.asdict(chart) for name, chart in of_group.items()}
            parts.append(_group(study, group, of_group))
        about = escape(f"{study.title}: {study.source} of the paper")
        body = "".join(parts)
        html.append(f'<section class="study" id="{id_}">\n<h2>{title} <small>{about}</small></h2>\n{body}</section>')
    return Sections("\n".join(html), links, drawn)


def _group(study: StudyTable, group: Any, drawn: dict[str, Chart]) -> str:
    place = escape(study.title_of(group))
    figures = "".join(
        f"<figure><figcaption><b>{place}</b>, {escape(chart.title)}{_unit(chart)}</figcaption>"
        f'<div class="plot chart" id="{name}"></div></figure>\n'
        for name, chart in drawn.items()
    )
    return f'<div class="charts">\n{figures}</div>\n{_table(study, group, place)}\n'


def _unit(chart: Chart) -> str:
    return "" if chart.unit in ("", "share") else f", {chart.unit}"


def _table(study: StudyTable, group: Any, place: str) -> str:
    """All rows, as the command line words them."""
    heads, lines = words(study.of(group), without=study.group)
    unit = ", errors in m" if study.group == "floor" else ""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
    return (
        f"<details><summary>{place}: the table{unit}</summary>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details>"
    )
