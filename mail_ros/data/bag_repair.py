"""Repairing truncated or damaged bags: index and metadata are written again, messages stay as they are.

MCAP files are replaced once the repaired file is complete. SQLite and compressed bags are written as MCAP files, see
`bag_rewrite`. An interrupted repair can be run again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from mail_ros.core.errors import BagError
from mail_ros.data.bag import Bag
from mail_ros.data.bag_files import is_cut_off, missing_files, named_files
from mail_ros.data.bag_metadata import Span, has_usable_metadata, read_metadata, total_span
from mail_ros.data.bag_rewrite import describe, has_compressed_messages, rewrite, write_description
from mail_ros.data.bag_writer import RESERVE
from mail_ros.data.mcap_file import LIBRARY
from mail_ros.data.mcap_rebuild import contents_of, is_locked, locked, rebuild
from mail_ros.data.mcap_salvage import Salvage
from mail_ros.data.ros1_bag import ROS1_SUFFIX
from mail_ros.data.sqlite_salvage import SqliteSalvage

logger = logging.getLogger(__name__)

REMNANTS = (RESERVE, "*.partial", "*.repaired")  # files of a killed recorder or repair, without unique content


@dataclass(frozen=True)
class Repaired:
    """Result of a repair."""

    path: Path
    span: Span  # messages of the whole bag
    repaired_files: tuple[Path, ...]  # files that were truncated or damaged
    rest: tuple[Path, ...] = ()  # files with unreadable bytes
    originals: tuple[Path, ...] = ()  # kept when a bag was written again as MCAP files
    lost: int = 0  # messages that its metadata counted and no file has

    def __str__(self) -> str:
        """One line for the user."""
        messages = f"{self.span.counts.total():,} messages in {(self.span.last_ns - self.span.first_ns) * 1e-9:.1f} s"
        kept = "".join(f"; {path.stat().st_size:,} bytes of no whole record are kept in {path}" for path in self.rest)
        if self.originals:
            kept += f"; the originals are kept in {', '.join(map(str, self.originals))}"
        lost = f"; {self.lost:,} more that its metadata counted are not readable" if self.lost else ""
        return f"{self.path} holds {messages}{lost}{kept}"


def repair(path: Path) -> Repaired | None:
    """Repair a bag if necessary.

    Args:
        path: a bag's folder, or one of its files.

    Returns:
        The result; None if the bag was complete.

    Raises:
        BagError: not a bag, an unreadable ROS 1 bag, one that is being recorded or has no readable message, too little
            disk space for its copy, or a folder that cannot be written.
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
    if bag.files[0].suffix == ROS1_SUFFIX:
        for _ in bag.messages():  # raises with the fix
            pass
        return None
    if any(file.suffix != ".mcap" for file in bag.files) or has_compressed_messages(bag):
        return _rewritten(bag)
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
        write_description(path, contents)
        _remove_remnants(path)
    span = total_span([content.span for content in contents.values()])
    return Repaired(path, span, tuple(damaged), tuple(rest))


def _rewritten(bag: Bag) -> Repaired | None:
    """Repair a bag of SQLite or compressed files; where only its metadata is unusable, the files stay."""
    is_folder = bag.path.is_dir()
    counted = read_metadata(bag.path).get("message_count", 0) if is_folder else 0
    if is_whole := _is_readable(bag):
        if not (is_folder and _lacks_metadata(bag)):
            return None
        kinds = {(file.suffix, plain.suffix) for file, plain in zip(bag.files, bag.plain_files, strict=True)}
        is_whole = len(kinds) == 1 and not has_compressed_messages(bag)
    contents, originals = (describe(bag), ()) if is_whole else rewrite(bag)
    if is_folder:
        _remove_remnants(bag.path)
    span = total_span([content.span for content in contents.values()])
    path = bag.path if is_folder else bag.path.with_name(next(iter(contents)))
    return Repaired(
        path, span, tuple(bag.files) if originals else (), (), originals, max(counted - span.counts.total(), 0)
    )


def _remove_remnants(folder: Path) -> None:
    for pattern in REMNANTS:
        for remnant in folder.glob(pattern):
            remnant.unlink()


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


def _is_readable(bag: Bag) -> bool:
    """Whether all of a bag of SQLite or compressed files is readable, without a log; reads all of it."""
    try:
        for _ in bag.messages():
            pass
        if bag.cut_off or bag.logs or bag.left_out.damaged_bytes:
            return False
    except BagError:
        return False
    return all(SqliteSalvage(plain).is_whole() for plain in bag.plain_files if plain.suffix == ".db3")


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
