"""Bags of SQLite or compressed files, written again as MCAP files by what is readable; the originals are kept.

bag_0.db3, bag_0.db3-wal     --> bag_0.mcap; bag_0.db3.rest, bag_0.db3.rest-wal, which SQLite opens as before
bag_0.mcap.zstd              --> bag_0.mcap; bag_0.mcap.zstd.rest
bag_0.mcap, its messages compressed one by one --> bag_0.1.mcap; bag_0.mcap.rest

metadata.yaml names the originals until all new files are complete: an interrupted repair can be run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

from mail_ros.core.errors import BagError
from mail_ros.data.bag import Bag
from mail_ros.data.bag_files import is_compressed
from mail_ros.data.bag_messages import CDR, ZSTD_MAGIC
from mail_ros.data.bag_metadata import (
    Topic,
    has_usable_metadata,
    metadata,
    read_metadata,
    sync_folder,
    write_metadata,
)
from mail_ros.data.mcap_file import Compression
from mail_ros.data.mcap_rebuild import (
    FileContents,
    being_recorded,
    contents_by,
    locked,
    require_room,
    write_copy,
)
from mail_ros.data.mcap_records import unzstd
from mail_ros.data.mcap_salvage import Salvage, StoredMessage
from mail_ros.data.sqlite_log import LOGS, is_open, with_logs_merged
from mail_ros.data.sqlite_salvage import SqliteSalvage

REST = ".rest"  # ending of files that bag readers ignore
SHARED_MEMORY = "-shm"  # ending of the file with which SQLite's processes share the index of a log


def rewrite(bag: Bag) -> tuple[dict[str, FileContents], tuple[Path, ...]]:
    """Write a bag again; returns the contents of its new files, and where the originals are kept.

    Raises:
        BagError: a bag that is being recorded, one without a readable message, or too little disk space.
        OSError: the folder cannot be written.
    """
    new = [
        _free(file.with_name(Path(file.stem).stem if is_compressed(file) else file.stem), ".mcap") for file in bag.files
    ]
    copies = [path.with_name(f"{path.name}.repaired") for path in new]
    with ExitStack() as locks:
        for file in bag.files:
            locks.enter_context(locked(file))
        try:
            contents = _write_copies(bag, copies)
        except BaseException:
            for copy in copies:
                copy.unlink(missing_ok=True)
            raise
        if bag.path.is_dir() and not has_usable_metadata(bag.path):
            originals = {file.name: each for file, each in zip(bag.files, contents, strict=True)}
            write_description(bag.path, originals, *_kind(bag))
        for copy, path in zip(copies, new, strict=True):
            copy.replace(path)
        named = {path.name: each for path, each in zip(new, contents, strict=True)}
        if bag.path.is_dir():
            write_description(bag.path, named)
        kept = tuple(_put_aside(file) for file in bag.files)
        sync_folder(bag.files[0].parent)
    return named, kept


def _write_copies(bag: Bag, copies: list[Path]) -> list[FileContents]:
    files = [path for file in bag.files for path in (file, *_companions(file))]
    before = [path.stat() for path in files]
    for file in bag.files:
        if file.suffix == ".db3" and is_open(file):
            raise being_recorded(file)
    require_room(bag.files[0], sum(path.stat().st_size for path in (*bag.plain_files, *bag.logs)))
    is_small = any(map(is_compressed, bag.files)) or bool(read_metadata(bag.files[0].parent).get("compression_format"))
    compression: Compression = "zstd" if is_small else "none"
    contents = []
    for file, plain, copy in zip(bag.files, bag.plain_files, copies, strict=True):
        with stored_messages(file, plain) as messages:
            contents.append(write_copy(copy, _decompressed(messages), bag.notes(), compression))
    if not any(each.span.counts for each in contents):
        raise BagError(bag.path, wanted="a bag with readable messages", found="none", fix="copy it again, or record it")
    for path, earlier in zip(files, before, strict=True):
        if (path.stat().st_size, path.stat().st_mtime_ns) != (earlier.st_size, earlier.st_mtime_ns):
            raise being_recorded(path)
    return contents


@contextmanager
def stored_messages(file: Path, plain: Path) -> Iterator[Iterator[StoredMessage]]:
    """All readable messages of a file, in the order of writing; `plain` is the same, or its decompressed copy.

    Raises:
        BagError: an SQLite file without readable topics.
    """
    if plain.suffix == ".db3":
        with with_logs_merged(plain) as merged:
            yield SqliteSalvage(merged, file).messages()
    else:
        yield Salvage(plain).messages()


def has_compressed_messages(bag: Bag) -> bool:
    """Whether rosbag2 compressed the messages one by one."""
    for file, plain in zip(bag.files, bag.plain_files, strict=True):
        with stored_messages(file, plain) as messages:
            if (first := next(messages, None)) is not None:
                return _is_compressed(first)
    return False


def _is_compressed(stored: StoredMessage) -> bool:
    return stored[1].message_encoding == CDR and stored[2].data.startswith(ZSTD_MAGIC)


def _decompressed(messages: Iterable[StoredMessage]) -> Iterator[StoredMessage]:
    """The messages, decompressed if they are compressed one by one; without damaged ones."""
    for stored in messages:
        if _is_compressed(stored):
            try:
                yield stored[0], stored[1], replace(stored[2], data=unzstd(stored[2].data))
            except Exception:  # the library raises exceptions of many types
                continue
        else:
            yield stored


def describe(bag: Bag) -> dict[str, FileContents]:
    """Write metadata.yaml of a bag whose files stay as they are; returns their contents."""
    contents = {}
    for file, plain in zip(bag.files, bag.plain_files, strict=True):
        with stored_messages(file, plain) as messages:
            contents[file.name] = contents_by(messages, bag.notes())
    write_description(bag.path, contents, *_kind(bag))
    return contents


def _kind(bag: Bag) -> tuple[str, str]:
    """rosbag2's names of the files' kind and of their compression."""
    return (
        "sqlite3" if bag.plain_files[0].suffix == ".db3" else "mcap",
        "zstd" if is_compressed(bag.files[0]) else "",
    )


def write_description(
    folder: Path, contents: Mapping[str, FileContents], storage: str = "mcap", compression: str = ""
) -> None:
    """Write metadata.yaml; its notes come from an existing metadata.yaml, or else from the files."""
    notes = read_metadata(folder).get("custom_data") or {}
    topics: dict[str, Topic] = {}
    for content in contents.values():
        notes = notes or content.notes
        topics = content.topics | topics
    spans = {name: content.span for name, content in contents.items()}
    write_metadata(folder, metadata(list(topics.values()), spans, notes, storage, compression))


def _companions(file: Path) -> list[Path]:
    """Logs and shared memory of a database, also empty ones."""
    endings = (*LOGS, SHARED_MEMORY) if file.suffix == ".db3" else ()
    return [path for ending in endings if (path := file.with_name(file.name + ending)).exists()]


def _put_aside(file: Path) -> Path:
    """Rename a file, and with it what SQLite finds by its name."""
    kept = _free(file, REST)
    for path in (file, *_companions(file)):
        path.rename(kept.with_name(kept.name + path.name.removeprefix(file.name)))
    return kept


def _free(base: Path, ending: str) -> Path:
    """The first path that does not exist: with the ending, or a number and the ending."""
    numbered = (base.with_name(f"{base.name}{f'.{number}' if number else ''}{ending}") for number in count())
    return next(path for path in numbered if not path.exists())
