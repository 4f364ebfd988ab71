"""`python -m benchmarks regions`: what LOCALIZED and 90 % regions are worth, at all sites in one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.trust.trust_command import print_rows
from mail_ros.cli.console import progress
from mail_ros.cli.options import AsJson
from mail_ros.core.errors import ConfigError

if TYPE_CHECKING:
    from mail_ros.data.scored import Scored


def regions(
    museum: Annotated[list[Path] | None, typer.Option(help="Bag of a survey of lines; repeat.")] = None,
    museum_later: Annotated[list[Path] | None, typer.Option(help="Later walk along these lines; repeat.")] = None,
    lobby: Annotated[list[Path] | None, typer.Option(help="Bags of a lobby: survey_* train, test_* test.")] = None,
    room: Annotated[Path | None, typer.Option(help="Folder of the room's runs 1 to 4, as N-loc.csv.")] = None,
    traces: Annotated[list[Path] | None, typer.Option(help="Trace, judged by a model of the others; repeat.")] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated/--recorded", help="Also simulated halls and a weak field, or not.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Fractions that are LOCALIZED, wrong, and inside the 90 % region, with the same settings at every site.

    Example, some minutes: `python -m benchmarks regions --room aalto`
    """
    from benchmarks.trust import sites
    from benchmarks.trust.runs import scored_at

    chosen = sites.simulated() if simulated else []
    if traces:
        chosen.insert(0, sites.traces(traces))
    if room:
        chosen.insert(0, sites.room(room))
    if lobby:
        chosen.insert(0, sites.lobby(lobby))
    if bool(museum) != bool(museum_later):
        given, other = ("--museum", "--museum-later") if museum else ("--museum-later", "--museum")
        raise ConfigError(given, wanted=f"walks of {other} as well", found="none", fix=f"name them with {other}")
    if museum and museum_later:
        chosen.insert(0, sites.museum(museum, museum_later))
    if not chosen:
        raise ConfigError("regions", wanted="a recorded site, or --simulated", found="none", fix="name one of them")
    found: dict[tuple[str, str], list[Scored]] = {(site.name, name): [] for site in chosen for name in site.platforms}
    parts = sum(len(site.platforms) * len(site.parts) for site in chosen)
    with progress("regions") as bar:
        for site, name, part in bar.track(scored_at(chosen), total=parts, description=""):
            found[site.name, name] += part
    print_rows("the same settings at every site", found, as_json=as_json)
