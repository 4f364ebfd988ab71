"""Repairing truncated bags: index and metadata are written again, messages stay as they are.

The original stays until the repaired file is complete: an interrupted repair can be run again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mail_ros.core.errors import BagError
from mail_ros.data.bag import Bag
from mail_ros.data.bag_files import is_compressed, is_cut_off, missing_files, named_files
from mail_ros.data.bag_metadata import (
    Span,
    Topic,
    has_usable_metadata,
    metadata,
    read_metadata,
    total_span,
    write_metadata,
)
from mail_ros.data.bag_writer import RESERVE
from mail_ros.data.mcap_file import LIBRARY
from mail_ros.data.mcap_rebuild import FileContents, contents_of, is_locked, locked, rebuild
from mail_ros.data.mcap_salvage import Salvage

logger = logging.getLogger(__name__)

REMNANTS = (RESERVE, "*.partial", "*.repaired")  # files of a killed recorder or repair, without unique content


@dataclass(frozen=True)
class Repaired:
    """Result of a repair."""

    path: Path
    span: Span  # messages of the whole bag
    repaired_files: tuple[Path, ...]  # files that were truncated or damaged
    rest: tuple[Path, ...] = ()  # files with unreadable bytes

    def __str__(self) -> str:
        """One line for the user."""
        messages = f"{self.span.counts.total():,} messages in {(self.span.last_ns - self.span.first_ns) * 1e-9:.1f} s"
        kept = "".join(f"; {path.stat().st_size:,} bytes of no whole record are kept in {path}" for path in self.rest)
        return f"{self.path} holds {messages}{kept}"


def repair(path: Path) -> Repaired | None:
    """Repair a bag if necessary.

    Args:
        path: a bag's folder, or one .mcap file.

    Returns:
        The result; None if the bag was complete.

    Raises:
        BagError: not an MCAP bag, a bag that is being recorded, too little disk space for its copy, or a folder that
            cannot be written.
    """
    try:
        return _repair(path)
    except OSError as error:
        raise BagError(
            path,
            wanted="a bag that can be written",
            found=error.strerror or str(error),
            fix="make room or correct the permissions, and repair it then",
        ) from None


def _repair(path: Path) -> Repaired | None:
    bag = Bag(path)
    if path.is_dir():
        _require_files(bag)
    if any(file.suffix != ".mcap" for file in bag.files):
        _require_readable(bag)
        return None
    if not (damaged := [file for file in bag.files if not _is_whole(file)]) and not needs_repair(bag):
        return None
    contents, rest = {}, []
    for file in bag.files:
        with locked(file):
            if file in damaged:
                contents[file.name], unreadable = rebuild(file)
                rest += unreadable
            else:
                contents[file.name] = contents_of(file)
    if path.is_dir():
        _write_metadata(path, contents)
        for pattern in REMNANTS:
            for remnant in path.glob(pattern):
                remnant.unlink()
    span = total_span([content.span for content in contents.values()])
    return Repaired(path, span, tuple(damaged), tuple(rest))


def needs_repair(bag: Bag) -> bool:
    """Whether a file is truncated, or metadata.yaml is missing or unusable."""
    return bag.cut_off or (bag.path.is_dir() and _lacks_metadata(bag))


def _lacks_metadata(bag: Bag) -> bool:
    return not has_usable_metadata(bag.path) or bool(missing_files(bag.path))


def _require_files(bag: Bag) -> None:
    """Raise a BagError if a file is missing, and not only renamed: metadata that is written again would not name it."""
    if len(bag.files) < len(named_files(bag.path)):
        raise BagError(
            bag.path,
            wanted=", ".join(file.name for file in missing_files(bag.path)),
            found=", ".join(file.name for file in bag.files),
            fix="copy it there; or remove metadata.yaml to do without it, and repair again",
        )


def _require_readable(bag: Bag) -> None:
    """Read a bag of SQLite or compressed files, which are never written again; a BagError if it is not whole."""
    try:
        for _ in bag.messages():
            pass
        whole = not needs_repair(bag) and not bag.left_out.damaged_bytes
    except BagError:
        whole = False
    if not whole:
        compressed = any(map(is_compressed, bag.files))
        fix = "decompress it with unzstd, and repair it then" if compressed else "SQLite repairs its files itself"
        raise BagError(bag.path, wanted="an MCAP bag", found=f"a {bag.files[0].suffix} file", fix=fix)


def _is_whole(file: Path) -> bool:
    """Whether a file is complete and readable throughout; reads all of it."""
    return not is_cut_off(file) and Salvage(file).is_whole()


def unfinished(out: Path) -> list[Path]:
    """Incomplete bags of this package in a folder, without those that are being recorded."""
    found = []
    for folder in sorted(path for path in out.glob("*") if any(path.glob("*.mcap"))):
        try:
            bag = Bag(folder)
            if needs_repair(bag) and all(
                Salvage(file).read_front().library.startswith(LIBRARY) and not is_locked(file) for file in bag.files
            ):
                found.append(folder)
        except Exception as error:  # the recorder starts whatever is in its folder
            logger.warning("left alone: %s", error)
    return found


def _write_metadata(folder: Path, contents: Mapping[str, FileContents]) -> None:
    """Write metadata.yaml; its notes come from an existing metadata.yaml, or else from the files."""
    notes = read_metadata(folder).get("custom_data") or {}
    topics: dict[str, Topic] = {}
    for content in contents.values():
        notes = notes or content.notes
        topics = content.topics | topics
    spans = {name: content.span for name, content in contents.items()}
    write_metadata(folder, metadata(list(topics.values()), spans, notes))
