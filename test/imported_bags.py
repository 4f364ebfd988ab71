"""One bag of one imported log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mail_ros.core.errors import BagError
from mail_ros.data.importers import ImportedBag, import_walks
from mail_ros.data.site_file import SiteFile


def imported(kind: str, source: Path, out: Path | None = None, **settings: Any) -> ImportedBag:
    """The only walk of a source; settings of `import_walks`."""
    (bag,) = import_walks(kind, source, out or source.parent / "bags", **settings)
    if isinstance(bag, BagError):
        raise bag
    return bag


def import_file(kind: str, source: Path, out: Path, site: SiteFile | None = None) -> Path:
    """The path of its bag."""
    return imported(kind, source, out, site=site).path
