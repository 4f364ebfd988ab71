"""The package for pip and colcon alike.

The base install is for a robot that only localizes; `record` adds the recorder; `tools` adds surveys, training and
evaluation; `view` adds the viewer of `mail_ros view`; `docs` builds the pages. docs/install.md has their sizes.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

NAME = "mail_ros"
VERSION = re.search(r'__version__ = "(.+)"', Path(NAME, "__init__.py").read_text())[1]

RECORD = ["lz4>=3", "mcap>=1.5", "rosbags>=0.10", "ruamel.yaml>=0.17", "zstandard>=0.21"]
TOOLS = [
    *RECORD,
    "dtaidistance>=2.3",
    "magpylib>=5",
    "matplotlib>=3.6",
    "pillow>=9",
    "plotly>=5.15",
    "rich>=13",
    "scipy>=1.9",
    "torch>=2.5,<3",
    "typer>=0.12",
]
DOCS = ["furo>=2024.8", "myst-parser>=4", "sphinx>=8"]
LOGS = ["pyulog>=1.1", "vqf>=2.1"]
VIEW = ["pillow>=9", "rerun-sdk>=0.23", "ruamel.yaml>=0.17"]
TEST = [
    "catkin_pkg>=1",
    "filterpy>=1.4",
    "hypothesis>=6",
    "mypy>=1.11",
    "packaging>=22",
    "pytest>=7,<9",
    "pytest-timeout>=2.2",
    "pytest-xdist>=3.5",
    "ruff>=0.6",
]


def files(pattern: str) -> list[str]:
    """Files to ship, as paths relative to this folder."""
    return sorted(str(path) for path in Path().glob(pattern))


setup(
    name=NAME,
    version=VERSION,
    description="Indoor localization of robots and people with a magnetometer (MAIL, for ROS 2)",
    author="mail_ros maintainers",
    author_email="maintainers@mail-ros.example",
    maintainer="mail_ros maintainers",
    maintainer_email="maintainers@mail-ros.example",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    package_data={f"{NAME}.evaluation.report": ["*.html", "page.css", "page.js"]},
    install_requires=["numpy>=1.24", "safetensors>=0.4"],
    extras_require={
        "record": RECORD,
        "tools": TOOLS,
        "view": VIEW,
        "logs": LOGS,
        "docs": DOCS,
        "test": TOOLS + VIEW + LOGS + TEST,
    },
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/launch", files("launch/*.launch.py")),
        (f"share/{NAME}/config", files("config/*")),
        (f"share/{NAME}/models", files("models/*.safetensors")),
        # `ros2 run` looks here, for nodes; `mail_ros` is a console script, which pip and colcon put on the PATH.
        (f"lib/{NAME}", files("scripts/*")),
    ],
    entry_points={"console_scripts": [f"mail_ros = {NAME}.cli.entry:main"]},
    zip_safe=False,
)
