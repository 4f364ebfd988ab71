"""What a kind of log is made of, and the walks among the files of a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mail_ros.core.errors import BagError
from mail_ros.data.importers.imported_walk import ImportedWalk
from mail_ros.data.origin import Origin
from mail_ros.data.yaml_text import short


@dataclass(frozen=True)
class Importer:
    """How the logs of one kind are found and read."""

    read: Callable[..., ImportedWalk]  # from a path, and where the log has degrees from an origin
    files: tuple[str, ...] = ()  # patterns of files that are a walk each
    folders: tuple[str, ...] = ()  # patterns of a file; a folder with such a file is a walk
    origin: Origin | None = None  # for logs with latitudes and longitudes: that of the data set
    may_have_degrees: bool = False  # some logs have latitudes and longitudes, which need the site's origin

    def walks(self, source: Path) -> list[Path]:
        """Files and folders with a walk each in a folder, sorted; the source itself if it is a file."""
        return self._walks(source) if source.is_dir() else [source] if source.exists() else []

    def nothing_in(self, folder: Path) -> BagError:
        """Error for a folder without a walk."""
        names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        return BagError(
            folder,
            wanted=f"files as {' or '.join(self.folders + self.files)}",
            found=short(", ".join(names)) if names else "no file",
            fix="name another kind, or correct the path",
        )

    def _walks(self, folder: Path) -> list[Path]:
        if any(_matching(folder, self.folders)):
            return [folder]
        found = _matching(folder, self.files)
        for each in sorted(folder.iterdir()):
            if each.is_dir():
                found += self._walks(each)
        return found


def _matching(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    names = {path: str(path.relative_to(folder)).lower() for path in (*folder.glob("*"), *folder.glob("*/*"))}
    return [
        path
        for path, name in sorted(names.items())
        if path.is_file() and any(_fits(name, pattern.lower()) for pattern in patterns)
    ]


def _fits(name: str, pattern: str) -> bool:
    return name.count("/") == pattern.count("/") and fnmatch(name, pattern)
