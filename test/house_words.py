"""The field's terms instead of private ones, in identifiers, and plain sentences, in docstrings, comments and pages.

`python test/house_words.py [TREE [FOLDER]]` prints every finding, grouped by folder and word.
Only the standard library is needed, so that it runs on any tree.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CODE = ("mail_ros", "benchmarks", "docs/generator", "launch", "scripts")

# Private words, with all their forms, and the standard term. They are refused as a whole word of an identifier.
WORDS = {
    "way ways": "path, distance",
    "hear hears heard unheard": "update, add, on_message; since_update_s",
    "say says said": "publish, print, report",
    "tell tells told": "report, specify",
    "ask asks asked": "predict, request",
    "answer answers answered": "prediction, estimate, response",
    "seam seams": "interface",
    "tick ticks": "resampled sample, row",
    "intake intakes": "preprocessing",
    "feed feeds": "buffer",
    "placed": "PoseEstimate, pose",
    "believe believes believed": "set_initial_pose",
    "forget forgets forgotten": "reinitialize",
    "evidence": "log-likelihood, log-likelihood ratio",
    "support": "map_fit",
    "elsewhere": "background",
    "spread spreads": "covariance_scale, std",
    "share shares": "fraction, weight",
    "most": "max",
    "least": "min",
    "turn turns turned": "rotation, yaw",
    "place places": "position, pose, cell",
    "stand stands standing stood": "stationary",
    "peer peers": "baselines",
    "take takes": "recording",
    "unmark": "waypoint event",
    "verdict verdicts": "bag report",
    "doubt doubts doubted": "uncertainty, calibration",
    "happening happenings": "events",
    "misfit misfits": "mismatch",
    "course courses": "trajectory",
    "carrier carriers": "platform",
    "anew": "again, restart",
    "mend mends mended": "fix, repair",
    "beside": "lateral",
    "lattice lattices": "cell neighbourhood",
}
TERMS = {word: term for words, term in WORDS.items() for word in words.split()}

# Private names of several words, which no single word above refuses.
NAMES = {
    "where_wanted": "create_if_enabled",
    "put_to_work": "load_runtime",
    "WorkingNode": "RuntimeNode",
    "odometry_m": "update_min_d_m",
    "lost_per_s": "kidnap_rate_hz",
}

# Standard names that contain a refused word; they may be defined too.
STANDARD = {
    "u_turn_prob": "the glossary's name of the setting",
    "tell": "io.IOBase.tell, which a stream implements",
}

# Names of libraries: they may be called or passed by keyword, and neither defined nor stored.
ALLOWED = {
    "take": "numpy.take and ndarray.take",
    "take_message": "rclpy's subscriptions",
    "most_common": "collections.Counter",
    "tick_params": "matplotlib's axes",
    "column_shares": "rerun's Grid",
    "row_shares": "rerun's Grid",
}

# Phrases of a private grammar, with what to write.
PHRASES = {
    r"by the way": "by distance travelled",
    r"level axes": "gravity-aligned frame",
    r"anew": "again",
    r"who(m|so)?ever": "the noun itself: the robot, the surveyor, the reader",
    r"(some|no|any)body('s word)?": "the noun itself",
    r"(the|a|no|every|each) one who|one who|those who": "the noun itself",
    r"of (those|them|these) (that|which|who)": "the noun itself",
    r"(that|which) (is|are|was|were) none": "a full clause with its noun",
    r"what is no ": "a full clause with its noun",
    r"what is called": "a definition: `name`: what it is",
    r"so (many|much) \w+ (tell|say)s?": "a definition with its unit",
    r"(tells?|says?|told|said) as much as": "worth",
    r"show alike": "are equally likely",
    r"(a|the|each|every|no|this|last|next|one|first|second) take": "recording",
    r"put to work": "loaded, started",
    r"(by|at|on|of) (its|their|his|the \w+'s) word": "as reported",
    r"happenings?": "events",
    r"misfits?": "mismatch",
    r"seams?": "interface",
    r"intakes?": "preprocessing",
    r"lattices?": "cell neighbourhood",
    r"mend(s|ed|ing)?": "fix, repair",
    r"verdicts?": "report",
}
PHRASE = {
    re.compile(rf"(?<![\w-]){pattern.replace(' ', chr(92) + 's+')}(?![\w-])", re.IGNORECASE): term
    for pattern, term in PHRASES.items()
}


class Finding(NamedTuple):
    """A private word or phrase that is left."""

    path: Path
    line: int
    word: str  # refused word or phrase
    found: str  # identifier, or words around the phrase
    term: str  # what stands there from now on


def split_words(name: str) -> list[str]:
    """Words of a snake_case or CamelCase name, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def refused(name: str, *, is_used: bool = False) -> Iterator[tuple[str, str]]:
    """Refused words of an identifier, each with its standard term; `is_used` as a library's name is."""
    if name in STANDARD:
        return
    if name.strip("_") in NAMES:
        yield name, NAMES[name.strip("_")]
    elif not (is_used and name in ALLOWED):
        yield from ((word, TERMS[word]) for word in split_words(name) if word in TERMS)


def identifiers(nodes: list[ast.AST]) -> Iterator[tuple[str, int, bool]]:
    """Every name among nodes: the name, its line, and whether it is a called attribute or a keyword."""
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node.lineno, False
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno, False
        elif isinstance(node, ast.Attribute):
            yield node.attr, node.lineno, id(node) in called
        elif isinstance(node, ast.Name):
            yield node.id, node.lineno, False
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.value.lineno, True
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, node.lineno, False
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name, node.lineno, False


def strings(nodes: list[ast.AST]) -> Iterator[tuple[str, int]]:
    """Docstrings and messages among the nodes of a syntax tree, with their first lines."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value, node.lineno


def comments(source: str) -> Iterator[tuple[str, int]]:
    """Comments with their first lines; lines of one comment below each other are one text."""
    block: list[str] = []
    first = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        own_line = not token.line[: token.start[1]].strip()
        if block and own_line and token.start[0] == last + 1:
            block.append(token.string.lstrip("# "))
        else:
            if block:
                yield "\n".join(block), first
            block, first = [token.string.lstrip("# ")], token.start[0]
        last = token.start[0]
    if block:
        yield "\n".join(block), first


def phrases(path: Path, text: str, first: int) -> Iterator[Finding]:
    """Refused phrases of a text that begins in line `first`."""
    for pattern, term in PHRASE.items():
        for match in pattern.finditer(text):
            line = first + text.count("\n", 0, match.start())
            around = " ".join(text[max(match.start() - 25, 0) : match.end() + 25].split())
            yield Finding(path, line, " ".join(match[0].lower().split()), f"... {around} ...", term)


def findings_in_code(path: Path, *, names: bool = True) -> Iterator[Finding]:
    """Refused phrases of a Python file: docstrings, messages and comments; with `names` its identifiers too."""
    source = path.read_text()
    nodes = list(ast.walk(ast.parse(source, str(path))))
    for word, term in refused(path.stem):
        yield Finding(path, 1, word, f"module {path.stem}", term)
    if names:
        for name, line, is_used in identifiers(nodes):
            yield from (Finding(path, line, word, name, term) for word, term in refused(name, is_used=is_used))
    for text, first in strings(nodes):
        yield from phrases(path, text, first)
    for text, first in comments(source):
        yield from phrases(path, text, first)
        if re.match(r"of\s", text, re.IGNORECASE):
            yield Finding(path, first, 'comment that begins with "of"', text.splitlines()[0], "a full clause")


def findings(tree: Path) -> Iterator[Finding]:
    """Every private word and phrase in a checkout."""
    for folder in CODE:
        for path in sorted((tree / folder).rglob("*.py")) or sorted(
            (tree / folder).glob("*")
        ):  # scripts have no ending
            yield from findings_in_code(path)
            yield from (
                Finding(path, 1, word, f"folder {path.parent.name}", term)
                for word, term in refused(path.parent.name)
                if path.name == "__init__.py"
            )
    for path in sorted((tree / "test").glob("*.py")):
        if path.stem not in ("house_words", "test_words"):
            yield from findings_in_code(path, names=False)
    pages = [*tree.glob("*.md"), *(tree / "docs").rglob("*.md"), *(tree / "config").rglob("*.yaml")]
    for path in sorted(pages):
        yield from phrases(path, path.read_text(), 1)


def report(tree: Path, folder: str = "") -> str:
    """Findings below `folder`, grouped by folder and word, and their number."""
    groups: dict[tuple[str, str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    count = 0
    for finding in findings(tree):
        path = finding.path.relative_to(tree)
        if path.as_posix().startswith(folder):
            count += 1
            group = groups[path.parent.as_posix(), finding.word, finding.term]
            group[finding.found].append(f"{path.name}:{finding.line}")
    lines: list[str] = []
    for (parent, word, term), names in sorted(groups.items()):
        lines.append(f"{parent}: {word} -> {term}")
        for name, where in sorted(names.items()):
            more = f" and {len(where) - 4} more" if len(where) > 4 else ""
            lines.append(f"    {name}: {', '.join(where[:4])}{more}")
    return "\n".join([*lines, f"{count} findings below {tree / folder}"])


def main(arguments: list[str]) -> None:
    """Print the report of TREE, by default this checkout, and of FOLDER in it."""
    tree = Path(arguments[0]).resolve() if arguments else Path(__file__).resolve().parents[1]
    print(report(tree, arguments[1] if len(arguments) > 1 else ""))


if __name__ == "__main__":
    main(sys.argv[1:])
