"""`mail_ros report`: an HTML page of benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, print_json
from mail_ros.cli.options import AsJson, SiteOption


def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of results of `mail_ros benchmark`.")],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("report.html"),
    tables: Annotated[Path | None, typer.Option(help="Write all tables to this Markdown file too.")] = None,
    site_file: SiteOption = None,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page of benchmarks: error curves, maps, confused positions, attention, studies and tables.

    The page holds everything it needs and opens without network; the toolbar of a figure saves it as PNG.

    Example: `mail_ros report runs/accuracy --out report.html --tables tables.md`
    """
    from mail_ros.data.floor_plan import floor_plans
    from mail_ros.data.site_file import read_site
    from mail_ros.evaluation.report.page import write_page
    from mail_ros.evaluation.report.runs import read_runs

    plans = floor_plans(read_site(site_file)) if site_file else {}
    floors, studies = read_runs(runs)
    write_page(out, floors, studies, plans)
    if tables is not None:
        from mail_ros.evaluation.report.markdown import write_markdown

        write_markdown(tables, floors, studies)
        console.print(f"tables: {tables}")
    console.print(f"report: {out} ({out.stat().st_size / 1e6:.1f} MB)")
    if as_json:
        print_json({"report": out, "tables": tables})
