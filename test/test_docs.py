"""README and docs: every command runs as written, or is marked with why it cannot, and is held against the code then.

A block of code names its language: `sh` runs here, on the small site, all of a page in its order; `sh ros` needs a ROS
install, `sh long` hours or other people's data, `sh make` is the gate itself, `sh install` fetches packages, and
`sh screen` opens a window.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from app_exports import write_exports
from pages import Block, blocks
from ros import ROOT
from small_site import shell
from verbs import verb_of, verbs

pytestmark = pytest.mark.docs


RUNS, MARKED, SHOWN = (
    "sh",
    {"sh ros", "sh long", "sh make", "sh install", "sh screen"},
    {"text", "yaml", "python", "ini", "{toctree}"},
)
PROMPT = re.compile(r"^\$ (.*)$", re.MULTILINE)
PATHS = sorted((ROOT / "docs" / "paths").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")), *PATHS]
SCREEN = 50  # lines
VERBS = verbs()


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def marked() -> list[tuple[str, list[str]]]:
    """Every command that does not run here, with its page; of a dialogue, what stands after its prompt."""
    found = [(page, block) for page in PAGES for block in blocks(page)]
    prompted = [
        (page, Block("sh", "\n".join(PROMPT.findall(block.text)))) for page, block in found if block.mark == "text"
    ]
    found = [(page, block) for page, block in found if block.mark in MARKED]
    return [(name(page), words) for page, block in found + prompted for words in block.commands()]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_names_its_language(page: Path) -> None:
    assert page.read_text().count("\n```") % 2 == 0
    assert {block.mark for block in blocks(page)} <= {RUNS} | MARKED | SHOWN


@pytest.mark.parametrize("page", [page for page in PAGES if any(b.mark == RUNS for b in blocks(page))], ids=name)
def test_the_commands_of_a_page_run_as_written(page: Path, site: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(site, tmp_path / "site")
    if "exports/" in page.read_text():
        write_exports(folder / "exports")
    script = "".join(block.text for block in blocks(page) if block.mark == RUNS)
    done = shell(script, folder)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(("page", "words"), marked(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_command_that_does_not_run_here_names_what_there_is(page: str, words: list[str]) -> None:
    if "mail_ros.cli.main" in words:
        words = ["mail_ros", *words[words.index("mail_ros.cli.main") + 1 :]]
    if words[0] == "mail_ros" or words[:3] == ["python", "-m", "benchmarks"]:
        verb, arguments = verb_of(words)
        VERBS[verb].make_context(verb, arguments)
    elif words[0] == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert next(word for word in words[1:] if "=" not in word) in targets
    elif words[:2] == ["ros2", "launch"]:
        file = ROOT / "launch" / words[3]
        arguments = re.findall(r'DeclareLaunchArgument\(\s*"(\w+)"', file.read_text() + front_door(file))
        assert {word.partition(":=")[0] for word in words[4:]} <= set(arguments)


def front_door(file: Path) -> str:
    """What a launch file includes that can be given to it all the same."""
    return (ROOT / "launch" / "mail.launch.py").read_text() if "FRONT_DOOR" in file.read_text() else ""


def test_every_command_is_in_a_block_that_is_looked_at() -> None:
    """None hides in a block of another language."""
    for page in PAGES:
        for block in blocks(page):
            if block.mark in SHOWN:
                assert not re.search(r"^(mail_ros|ros2|make|pip|python3?) \w", block.text, re.MULTILINE), name(page)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_has_something_to_use_within_two_screens(page: Path) -> None:
    """A command, what one prints, a table or a picture; or the page ends before."""
    lines = page.read_text().splitlines()
    shown = (number for number, line in enumerate(lines) if line.startswith(("```", "|", "![")))
    assert next(shown, len(lines)) < 2 * SCREEN


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_a_path_is_one_page_with_a_result_within_two_screens(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= 2 * SCREEN + 10
    assert lines.index("```text") < SCREEN


def test_the_readme_shows_how_it_looks_and_how_good_it_is_within_two_screens() -> None:
    text = "\n".join((ROOT / "README.md").read_text().splitlines()[: 2 * SCREEN])
    assert "](docs/demo_robot.webp)" in text
    assert "make demo" in text
    assert text.count("mail_ros train BAGS --out M") == 2
    assert (ROOT / "docs" / "demo_robot.webp").stat().st_size < 2_000_000


def test_the_figures_of_the_readme_are_those_of_the_page_that_derives_them() -> None:
    """Each row of its table names a `train` command, and has the row "from 20 s" that follows that command there."""
    shown = re.findall(
        r"`(mail_ros train [^`]+)` \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|", (ROOT / "README.md").read_text()
    )
    assert len(shown) == 2
    for command, *figures in shown:
        options = command.partition("--out M")[2]
        printed = re.search(
            rf"^mail_ros train .*--out models/\w+\.safetensors{options}\n[^$]*?"
            r"^ all, moving, from 20 s +[\d,]+ +(\S+) +(\S+) +\S+ +(\S+) +\S+ +(\S+)",
            accuracy(),
            re.MULTILINE,
        )
        assert printed is not None, command
        assert figures == list(printed.groups())


def test_a_table_that_stands_on_two_pages_is_the_same_on_both() -> None:
    docs = ROOT / "docs"
    (shown,) = (block.text for block in blocks(docs / "paths" / "phone.md") if block.mark == "text")
    assert shown in accuracy()
    rows = re.findall(r"^\| node \|.*$", (docs / "speed.md").read_text(), re.MULTILINE)
    assert rows
    assert set(rows) <= set((docs / "tables.md").read_text().splitlines())


def accuracy() -> str:
    return (ROOT / "docs" / "accuracy.md").read_text()


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (ROOT / target).exists(), f"{page.name}: {target}"
