"""The files that people who join a project look at: they can be read, and agree with the rest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ros import ROOT
from ruamel.yaml import YAML

import mail_ros

YAML_FILES = [
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.cff"), ROOT / ".pre-commit-config.yaml", *(ROOT / ".github").rglob("*.yml"))
]
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
MAKEFILE = (ROOT / "Makefile").read_text()
((FIRST, REST),) = re.findall(r"^quick: (.*)\n\t.* --output-sync (.*)$", MAKEFILE, re.MULTILINE)
LOOP = f"{FIRST} {REST}".split()  # targets of `make quick`


def read(name: str) -> Any:
    return YAML(typ="safe").load((ROOT / name).read_text())


@pytest.mark.parametrize("name", YAML_FILES)
def test_a_file_is_yaml(name: str) -> None:
    assert isinstance(read(name), dict)


def test_the_workflow_runs_the_gate_with_every_python_and_colcon_with_every_ros() -> None:
    jobs = read(".github/workflows/ci.yml")["jobs"]
    assert jobs["bare"]["strategy"]["matrix"]["python"] == PYTHONS
    assert f"ifeq ($(filter $(PYTHON_VERSION),{' '.join(PYTHONS)}),)" in MAKEFILE
    assert any(step.get("run", "").startswith("make ") for step in jobs["bare"]["steps"])
    assert {"jazzy", "kilted"} <= set(jobs["ros"]["strategy"]["matrix"]["distro"])
    script = "\n".join(step.get("run", "") for step in jobs["ros"]["steps"])
    assert all(command in script for command in ("rosdep install", "colcon build", "colcon test "))


def test_every_job_has_a_limit_and_every_step_of_others_a_version() -> None:
    for job in read(".github/workflows/ci.yml")["jobs"].values():
        assert job["timeout-minutes"] <= 90
        assert all(re.search(r"@v\d+$", step["uses"]) for step in job["steps"] if "uses" in step)


def test_hooks_run_the_parts_of_the_loop_and_fetch_nothing() -> None:
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        target = hook["entry"].removeprefix("make ")
        command = hook["entry"].removeprefix(".venv/bin/").removesuffix(" --fix")
        assert target in LOOP or f"$(BIN)/{command}" in MAKEFILE


def test_the_gate_runs_every_test_once() -> None:
    """The quick ones, those in real time, and all others."""
    (quick,) = re.findall(r"^QUICK := (.*)$", MAKEFILE, re.MULTILINE)
    chosen = re.findall(r'pytest --quiet -m (".+?"|\S+)', MAKEFILE, re.MULTILINE)
    assert [one.strip('"').replace("$(QUICK)", quick) for one in chosen] == [
        quick,
        "real_time",
        f"not real_time and not ({quick})",
    ]
    assert "not real_time" in quick
    assert set(re.findall(r"not (\w+)", quick)) == {one.partition(":")[0] for one in markers()}


def markers() -> list[str]:
    """Markers that pyproject.toml registers."""
    return re.findall(r'^    "(\w+: .*)",$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)


def test_the_version_is_the_same_wherever_it_stands() -> None:
    """test_package.py checks package.xml and setup.py."""
    assert read("CITATION.cff")["version"] == mail_ros.__version__


def test_the_paper_is_named_where_software_looks_for_it() -> None:
    paper = read("CITATION.cff")["preferred-citation"]
    assert paper["doi"] == "10.1145/3397335"
    assert all(key in read("CITATION.cff") for key in ("cff-version", "message", "title", "authors", "license"))
    assert f"doi {paper['doi']}" in (ROOT / "README.md").read_text()


def test_an_issue_form_asks_for_what_is_needed() -> None:
    forms = [name for name in YAML_FILES if "ISSUE_TEMPLATE" in name and not name.endswith("config.yml")]
    assert len(forms) >= 3
    for name in forms:
        form = read(name)
        assert {"name", "description", "body"} <= set(form)
        assert any(field.get("validations", {}).get("required") for field in form["body"])
        for field in form["body"]:
            for path in re.findall(r"docs/\w+\.md", str(field)):
                assert (ROOT / path).is_file()


def test_the_changelog_has_notes_for_what_is_not_released_yet() -> None:
    text = (ROOT / "CHANGELOG.rst").read_text()
    assert re.search(r"^Forthcoming\n-+\n\* ", text, re.MULTILINE)


@pytest.mark.parametrize("point", [f"[{number}]" for number in range(1, 8)])
def test_the_quality_declaration_goes_through_every_point(point: str) -> None:
    text = (ROOT / "QUALITY_DECLARATION.md").read_text()
    assert f" {point}\n" in text
    assert "**Quality Level 4**" in text


def test_every_file_that_the_quality_declaration_leads_to_exists() -> None:
    text = (ROOT / "QUALITY_DECLARATION.md").read_text()
    for target in re.findall(r"\]\(([^):]+)\)", text):
        assert Path(ROOT, target).exists(), target
