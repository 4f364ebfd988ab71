"""The page of launch files: read as text, since `launch` is only there with a ROS install."""

from __future__ import annotations

import ast
from pathlib import Path

from generator.markdown import code, page, section, table

ROOT = Path(__file__).parents[2]
ABOUT = (
    "`ros2 launch mail_ros FILE ARGUMENT:=VALUE ...`, with a ROS install. An empty argument leaves its "
    "parameter to `params_file`; a parameter missing there has the node's default, see [parameters](parameters.md)."
)


def launch_page() -> str:
    """Every file of launch/."""
    return page("Launch files", ABOUT, [_file(path) for path in sorted((ROOT / "launch").glob("*.launch.py"))])


def _file(path: Path) -> str:
    tree = ast.parse(path.read_text())
    lines = (ast.get_docstring(tree) or "").splitlines()
    about, example = lines[0], next((line for line in lines[1:] if line.startswith("ros2 ")), "")
    rows = [
        [code(name.value), code(given["default_value"]), given["description"]]
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "DeclareLaunchArgument"
        if isinstance(name := call.args[0], ast.Constant) and (given := _words(call))
    ]
    return section(code(path.name), about, code(example), table(["argument", "default", "what it is"], rows))


def _words(call: ast.Call) -> dict[str, str]:
    """Keyword arguments: a constant, or the expression."""
    return {
        str(word.arg): str(word.value.value) if isinstance(word.value, ast.Constant) else ast.unparse(word.value)
        for word in call.keywords
    }
