"""The guard finds every estimate that a change of the code changed, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.guard import compare, main

HEADER = "bag,stamp_ns,x_m,y_m,status,reference_x_m,reference_y_m,paused,attention,support"
FIRST = "hall,1700000000123456789,1.0,2.0,LOCALIZED,1.0,3.0,0,0.25;0.75,1.5"
SECOND = "hall,1700000000223456789,5.0,2.0,UNCERTAIN,1.0,2.0,0,0.5;0.5,nan"


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([header, *rows, ""]))
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write(tmp_path / "old" / "site.csv", FIRST, SECOND)


def test_equal_files_are_equal_also_with_a_column_renamed(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renamed = HEADER.replace("support", "map_fit")
    new = write(tmp_path / "new" / "site.csv", FIRST.replace("1.5", "1.5000000001"), SECOND, header=renamed)
    assert not compare(old, new)
    assert main(["compare", str(old.parent), str(new.parent)]) == 0
    assert capsys.readouterr().out == "site.csv: equal, 2 rows\n"


@pytest.mark.parametrize(
    ("was", "becomes", "line"),
    [
        ("1.0,2.0,LOC", "1.0,2.5,LOC", "1 rows differ, y_m by up to 0.5, mean error 2.500 -> 2.250 m"),
        ("LOCALIZED", "UNCERTAIN", "1 rows differ, status by up to inf, mean error 2.500 -> 2.500 m"),
        ("0.25;0.75", "0.3;0.7", "1 rows differ, attention by up to 0.05, mean error 2.500 -> 2.500 m"),
        ("0.25;0.75", "0.25", "1 rows differ, attention by up to inf, mean error 2.500 -> 2.500 m"),
        (",1.5", ",nan", "1 rows differ, map_fit by up to inf, mean error 2.500 -> 2.500 m"),
        ("123456789", "123456790", "1 rows only in OLD, 1 rows only in NEW, mean error 2.500 -> 2.500 m"),
    ],
)
def test_a_difference_is_one_line(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], was: str, becomes: str, line: str
) -> None:
    new = write(tmp_path / "new" / "site.csv", FIRST.replace(was, becomes, 1), SECOND)
    assert main(["compare", str(old.parent), str(new.parent)]) == 1
    assert capsys.readouterr().out == f"site.csv: {line}\n"


def test_a_new_column_and_a_missing_row_are_differences(old: Path, tmp_path: Path) -> None:
    new = write(tmp_path / "new.csv", f"{SECOND},0.1", header=f"{HEADER},yaw_rad")
    found = compare(old, new)
    assert (found.only_old, found.only_new, found.columns, found.rows) == (1, 0, ["yaw_rad"], 0)


def test_a_missing_file_is_a_difference_and_so_is_none(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new").mkdir()
    assert main(["compare", str(old.parent), str(tmp_path / "new")]) == 1
    assert main(["compare", str(tmp_path / "new"), str(tmp_path / "new")]) == 1
    assert f"site.csv: missing in {tmp_path / 'new'}" in capsys.readouterr().out
