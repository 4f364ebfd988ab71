"""Files of a bag: named by its metadata or found in its folder, and decompressed where rosbag2 compressed them."""

from __future__ import annotations

import re
from pathlib import Path

import zstandard

from mail_ros.core.errors import BagError
from mail_ros.data.bag_metadata import METADATA_FILE, VERSION, read_metadata, warn_once
from mail_ros.data.mcap_file import MAGIC

KINDS = (".mcap", ".db3")
COMPRESSED = (".zstd", ".zst")
MAX_WINDOW_BYTES = 1 << 27  # memory of a decompression
_NUMBER = re.compile(r"(\d+)")


def is_compressed(file: Path) -> bool:
    """Whether a file is compressed as a whole, as by `ros2 bag record --compression-mode file`."""
    return file.suffix in COMPRESSED


def is_bag_file(file: Path) -> bool:
    """Whether a file has the name of a bag's file."""
    return (file.with_suffix("") if is_compressed(file) else file).suffix in KINDS


def named_files(folder: Path) -> list[Path]:
    """Files that a bag's metadata names, in order; they may be missing."""
    names = dict.fromkeys(Path(name).name for name in read_metadata(folder).get("relative_file_paths", ()))
    return [folder / name for name in names if is_bag_file(Path(name))]


def missing_files(folder: Path) -> list[Path]:
    """Files that a bag's metadata names and its folder lacks."""
    return [file for file in named_files(folder) if not _exists(file)]


def _exists(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # a name that is too long
        return False


def files_of(folder: Path) -> list[Path]:
    """A bag's files in the order of its metadata; where one is missing or renamed, those of the folder, by number.

    Raises:
        BagError: rosbag2 wrote the metadata in a newer format, or none of the named files exists, nor any other.
    """
    if (version := read_metadata(folder).get("version", 0)) > VERSION:
        raise BagError(
            folder,
            wanted=f"metadata up to version {VERSION}",
            found=f"version {version}",
            fix="update mail_ros, or give the bag's files",
        )
    named, missing = named_files(folder), missing_files(folder)
    if named and not missing:
        return named
    every = {path for path in folder.iterdir() if path.is_file() and is_bag_file(path)}
    found = sorted(
        (path for path in every if not is_compressed(path) or path.with_suffix("") not in every), key=_number
    )
    names, others = (", ".join(path.name for path in paths) for paths in (missing, found))
    if missing and not found:
        raise BagError(folder, wanted=names, found="no file of a bag", fix="copy it into the folder")
    if missing:
        warn_once(f"{folder / METADATA_FILE} names {names}, which the folder lacks: reading {others}")
    return found


def _number(path: Path) -> list[int | str]:
    return [int(part) if part.isdecimal() else part for part in _NUMBER.split(path.name)]


def decompress(file: Path, folder: Path) -> Path:
    """Decompress a file into a folder; a damaged one up to the damage, of which a warning informs.

    Raises:
        OSError: the file is not readable, or the disk is full.
    """
    plain = folder / file.stem
    with file.open("rb") as source, plain.open("wb") as out:
        try:
            zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES).copy_stream(source, out)
        except (zstandard.ZstdError, MemoryError) as error:
            warn_once(f"{file} is damaged ({error}): reading {out.tell():,} bytes before")
    return plain


def is_cut_off(file: Path, plain: Path | None = None) -> bool:
    """Whether an MCAP file lacks its end; `plain` is its decompressed copy, if it is compressed.

    Raises:
        BagError: the file does not begin as an MCAP file.
    """
    with (plain or file).open("rb") as stream:
        head = stream.read(len(MAGIC))
        if head != MAGIC:
            raise BagError(
                file,
                wanted="an MCAP file",
                found=f"{head!r} at its start" if head else "an empty file",
                fix="check what it is: the name ends in .mcap, its content does not fit",
            )
        stream.seek(0, 2)
        stream.seek(max(stream.tell() - len(MAGIC), len(MAGIC)))
        return stream.read() != MAGIC
