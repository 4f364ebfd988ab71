"""Archives and folders: every walk in them becomes a bag, damage is one error with the name of the file."""

import gzip
import io
import shutil
import zipfile
from pathlib import Path

import pytest

from mail_ros.core.errors import BagError
from mail_ros.data.bag import Bag
from mail_ros.data.importers import IMPORTERS, ImportedBag, archive, import_walks
from mail_ros.data.importers.archive import unpacked

WALK = "time_s,mag_x_ut,mag_y_ut,mag_z_ut\n1.0,18,-3,-44\n1.1,18,-3,-44\n"


def zipped(files: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as members:
        for name, content in files.items():
            members.writestr(name, content)
    return stream.getvalue()


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def imported(source: Path) -> tuple[list[str], list[str]]:
    """Names of the bags, and errors."""
    found = list(import_walks("csv", source, source.parent / "bags"))
    bags = [each.path.name for each in found if isinstance(each, ImportedBag)]
    return bags, [str(each) for each in found if isinstance(each, BagError)]


def test_a_walk_may_be_compressed(tmp_path: Path) -> None:
    assert imported(write(tmp_path / "a.csv.gz", gzip.compress(WALK.encode()))) == (["a"], [])
    assert imported(write(tmp_path / "b.ZIP", zipped({"b.csv": WALK}))) == (["b"], [])
    assert Bag(tmp_path / "bags" / "a").notes()["source"] == "a.csv.gz"


def test_each_walk_in_folders_and_archives_in_each_other_becomes_a_bag(tmp_path: Path) -> None:
    inner = zipped({"three.csv": WALK, "__MACOSX/._three.csv": b"\0", "deep/four.csv.gz": gzip.compress(WALK.encode())})
    write(tmp_path / "survey" / "all.zip", zipped({"two.csv": WALK, "more.zip": inner}))
    write(tmp_path / "survey" / "day" / "one.csv", WALK.encode())
    write(tmp_path / "survey" / "readme.md", b"walks")
    bags, errors = imported(tmp_path / "survey")
    assert (sorted(bags), errors) == (["four", "one", "three", "two"], [])


def test_a_walk_of_several_compressed_files_is_one(tmp_path: Path) -> None:
    field = "time,mag_x,mag_y,mag_z\n1,20,0,44\n2,20,0,44\n"
    write(tmp_path / "walk" / "mag.csv.gz", gzip.compress(field.encode()))
    write(tmp_path / "walk" / "truth.csv", b"time,x,y\n1,0,0\n2,1,0\n")
    (bag,) = import_walks("magpie", tmp_path / "walk", tmp_path / "bags")
    assert isinstance(bag, ImportedBag)
    assert bag.path.name == "walk"


def test_errors_name_the_file_in_the_archive_and_the_others_are_imported(tmp_path: Path) -> None:
    bad = zipped({"bad.csv": WALK + "2,oops,1,1\n", "good.csv": WALK})
    bags, (error,) = imported(write(tmp_path / "survey" / "all.zip", bad).parent)
    assert bags == ["good"]
    assert error.startswith(f"{tmp_path}/survey/all.zip/bad.csv, line 4: wanted a number as mag_x_ut, found 'oops'")


LONG = WALK + "".join(f"{n},18,-3,-44\n" for n in range(2, 99))
GZIP, ZIP = gzip.compress(LONG.encode()), zipped({"a.csv": LONG})
ENCRYPTED = bytearray(ZIP)
ENCRYPTED[6] |= 1  # flag of the member
ENCRYPTED[ZIP.index(b"PK\x01\x02") + 8] |= 1  # and in the directory


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.csv.gz", GZIP[:15]),
        ("other.csv.gz", b"no archive"),
        ("flipped.csv.gz", GZIP[:40] + bytes([GZIP[40] ^ 255]) + GZIP[41:]),
        ("empty.zip", b""),
        ("cut.zip", ZIP[:-30]),
        ("flipped.zip", ZIP[:50] + bytes([ZIP[50] ^ 255]) + ZIP[51:]),
        ("method.zip", ZIP.replace(b"\x14\0\0\0\x08", b"\x14\0\0\0\x63")),
        ("secret.zip", bytes(ENCRYPTED)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_damaged_archive_is_one_error_with_its_name(tmp_path: Path, name: str, content: bytes) -> None:
    write(tmp_path / "survey" / "good.csv", WALK.encode())
    bags, (error,) = imported(write(tmp_path / "survey" / name, content).parent)
    assert bags == ["good"]
    assert error.startswith(f"{tmp_path}/survey/{name}: wanted a readable archive, found ")


@pytest.mark.parametrize(
    ("content", "reason", "lines"),
    [
        (GZIP[:-8], "cut off", 99),
        (GZIP[:-60], "cut off", 60),
        (GZIP[:-8] + bytes([GZIP[-8] ^ 1]) + GZIP[-7:], "incorrect data check", 100),
        (GZIP + GZIP[:200], "cut off", 100),
    ],
    ids=["no checksum", "cut off", "other checksum", "second member cut off"],
)
def test_what_a_damaged_gzip_file_still_has_is_imported(
    tmp_path: Path, content: bytes, reason: str, lines: int
) -> None:
    """Whole lines up to the damage, and a remark; the checksum may be all that is wrong."""
    source = write(tmp_path / "a.csv.gz", content)
    with unpacked(source) as files:
        kept = files.path.read_text()
        assert kept.endswith("\n")
        assert LONG.startswith(kept) or kept.startswith(LONG)
        assert kept.count("\n") >= lines
        (remark,) = files.remarks(files.path)
        assert reason in remark.found
    if len(content) <= len(GZIP):
        assert imported(source) == (["a"], [])


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MIN_LIMIT", 1000)
    zeros = bytes(3_000_000)
    for name, content in (("a.csv.gz", gzip.compress(zeros)), ("b.zip", zipped({"b": zeros[:1_500_000], "c": zeros}))):
        bags, (error,) = imported(write(tmp_path / name, content))
        assert not bags
        assert f"{name}: wanted an archive of logs, found more than 0 MB in it; unpack it yourself" in error


def test_archives_in_each_other_end(tmp_path: Path) -> None:
    content = zipped({"a.csv": WALK})
    for _ in range(4):
        content = zipped({"a.zip": content})
    assert "found more than 3 archives in each other" in imported(write(tmp_path / "a.zip", content))[1][0]


def test_nothing_is_written_outside_and_nothing_stays(tmp_path: Path) -> None:
    source = write(tmp_path / "a.zip", zipped({"../../a.csv": WALK, "/b.csv": WALK}))
    with unpacked(source) as files:
        assert sorted(path.name for path in files.path.iterdir()) == ["a.csv", "b.csv"]
        where = files.path
    assert not where.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_an_archive_and_what_was_unpacked_from_it_are_not_imported_twice(tmp_path: Path) -> None:
    write(tmp_path / "survey" / "a.csv", WALK.encode())
    write(tmp_path / "survey" / "a.csv.gz", GZIP)
    assert imported(tmp_path / "survey") == (
        ["a"],
        [f"{tmp_path}/survey/a.csv.gz: wanted a walk once, found also a.csv; remove one of them"],
    )


@pytest.mark.parametrize("kind", IMPORTERS)
def test_every_kind_names_the_files_that_it_reads(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "survey" / "photo.jpg", b"")
    (error,) = import_walks(kind, tmp_path / "survey", tmp_path)
    assert f"{tmp_path}/survey: wanted files as " in str(error)
    assert "found 'photo.jpg'" in str(error)
    shutil.rmtree(tmp_path / "survey")
    assert "wanted a file, an archive or a folder, found none" in str(
        *import_walks(kind, tmp_path / "survey", tmp_path)
    )
