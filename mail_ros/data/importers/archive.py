"""Archives: .gz and .zip, alone, in folders or in each other, are unpacked, so that importers read plain files only.

Of a damaged .gz the whole lines before the damage are read, with a remark; a damaged .zip is refused.

Members are unpacked as a stream up to a limit, since a few kilobytes can hold gigabytes. An archive becomes a file or
a folder with its name, without the ending; plain files are linked.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

from mail_ros.core.errors import BagError
from mail_ros.data.importers.gzip_salvage import GzipSalvage
from mail_ros.data.remark import Remark

ENDINGS = (".gz", ".zip")
MAX_RATIO = 100  # logs compress to a third to a twentieth
MIN_LIMIT = 64_000_000  # bytes that any archive may hold
MAX_MEMBERS = 10_000
MAX_DEPTH = 3  # archives within archives
BLOCK = 1 << 20  # bytes
IGNORED = ("__MACOSX", ".")  # beginnings of names that systems add


class Unpacked:
    """A file, or a folder without archives in it, and the archives that could not be unpacked."""

    def __init__(self, source: Path, folder: Path) -> None:
        """Unpack a source into an empty folder."""
        self.path = source
        self.failed: list[BagError] = []
        self._folder = folder
        self._shown: dict[Path, Path] = {}
        self._damage: dict[Path, str] = {}  # by file that is read in part
        if not source.exists():
            fix = "correct the path"
            self.failed.append(BagError(source, wanted="a file, an archive or a folder", found="none", fix=fix))
        elif source.is_dir() or is_archive(source):
            target = folder / "all" / source.absolute().relative_to(source.absolute().anchor)
            target.parent.mkdir(parents=True)
            self.path = self._add(source, target, source, 0)

    def shown(self, path: Path) -> Path:
        """A path as the user knows it, such as `walk.zip/Gyroscope.csv`."""
        return self._shown.get(path, path)

    def remarks(self, path: Path) -> tuple[Remark, ...]:
        """Remarks about damaged archives of a file, or of the files in a folder."""
        damage = [reason for each, reason in self._damage.items() if each == path or path in each.parents]
        fix = "download or export it again for the rest"
        return tuple(Remark("damaged", f"the .gz is damaged ({reason}): read up to there", fix) for reason in damage)

    def renamed(self, text: str) -> str:
        """A text with paths as the user knows them."""
        for path in sorted(self._shown, key=lambda path: len(str(path)), reverse=True):
            text = text.replace(str(path), str(self._shown[path]))
        return text

    def rename(self, error: BagError) -> BagError:
        """The same error, with paths as the user knows them."""
        error.args = (self.renamed(str(error)),)
        return error

    def _add(self, path: Path, target: Path, shown: Path, depth: int) -> Path:
        """Link a file, or everything in a folder or an archive, and return the target."""
        if is_archive(path):
            return self._unpack(path, target.with_name(path.stem), shown, depth)
        if target.exists():
            found = f"also {self.shown(target).name}"
            self.failed.append(BagError(shown, wanted="a walk once", found=found, fix="remove one of them"))
            return target
        self._shown[target] = shown
        if not path.is_dir():
            target.symlink_to(path.absolute())
            return target
        target.mkdir()
        for each in sorted(path.iterdir()):
            if not each.name.startswith(IGNORED) and not (each.is_dir() and each.is_symlink()):
                self._add(each, target / each.name, shown / each.name, depth)
        return target

    def _unpack(self, archive: Path, target: Path, shown: Path, depth: int) -> Path:
        if depth == MAX_DEPTH:
            self.failed.append(_refusal(shown, f"more than {MAX_DEPTH} archives in each other"))
            return target
        unpacked = Path(tempfile.mkdtemp(dir=self._folder)) / archive.stem
        try:
            if archive.suffix.lower() == ".zip":
                _unpack_zip(archive, unpacked, shown)
            elif damage := _unpack_gzip(archive, unpacked, shown):
                self._damage[target] = damage
        except BagError as error:
            self.failed.append(error)
            return target
        except Exception as error:  # zipfile, zlib and gzip raise a dozen kinds, OSError among them
            found = f"{type(error).__name__}: {error}"
            fix = "export or download it again, without a password"
            self.failed.append(BagError(shown, wanted="a readable archive", found=found, fix=fix))
            return target
        return self._add(unpacked, target, shown, depth + 1)


@contextmanager
def unpacked(source: Path) -> Iterator[Unpacked]:
    """Open a file, an archive or a folder; unpacked files are deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="mail_ros_") as folder:
        yield Unpacked(source, Path(folder))


def is_archive(path: Path) -> bool:
    """Whether a path is a file with the ending of an archive."""
    return path.suffix.lower() in ENDINGS and not path.is_dir()


def _unpack_gzip(archive: Path, target: Path, shown: Path) -> str:
    """Unpack the readable part, and return what is wrong with the rest; empty for a whole file."""
    salvage = GzipSalvage(archive)
    if not _copy(salvage.blocks(), target, _limit(archive), shown) and salvage.damage:
        fix = "download or export it again"
        raise BagError(
            shown, wanted="a readable archive", found=f"nothing before its damage: {salvage.damage}", fix=fix
        )
    return salvage.damage


def _unpack_zip(archive: Path, target: Path, shown: Path) -> None:
    left = _limit(archive)
    with zipfile.ZipFile(archive) as members:
        if (count := len(members.infolist())) > MAX_MEMBERS:
            raise _refusal(shown, f"{count:,} files")
        target.mkdir()
        for member in members.infolist():
            parts = [part for part in PurePosixPath(member.filename).parts if part not in ("/", "..")]
            if parts and not member.is_dir():
                path = target.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                with members.open(member) as stream:
                    left -= _copy(iter(partial(stream.read, BLOCK), b""), path, left, shown)


def _limit(archive: Path) -> int:
    return max(MIN_LIMIT, MAX_RATIO * archive.stat().st_size)


def _copy(blocks: Iterable[bytes], path: Path, limit: int, shown: Path) -> int:
    """Write blocks to a new file, and return its number of bytes."""
    count = 0
    with path.open("xb") as file:
        for block in blocks:
            count += len(block)
            if count > limit:
                raise _refusal(shown, f"more than {limit / 1e6:,.0f} MB in it")
            file.write(block)
    return count


def _refusal(shown: Path, found: str) -> BagError:
    return BagError(shown, wanted="an archive of logs", found=found, fix="unpack it yourself, and import the folder")
