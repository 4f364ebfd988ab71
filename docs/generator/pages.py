"""The pages of the reference, and what writes each."""

from __future__ import annotations

from collections.abc import Callable

from generator.commands import commands_page
from generator.formats import formats_page
from generator.launch import launch_page
from generator.nodes import parameters_page, topics_page
from generator.settings import settings_page

PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "topics.md": topics_page,
    "parameters.md": parameters_page,
    "launch.md": launch_page,
    "settings.md": settings_page,
    "formats.md": formats_page,
}
