"""How Sphinx builds the pages: `make docs`. docs.ros.org builds packages with Sphinx too (rosdoc2)."""

import re
from pathlib import Path

project = "mail_ros"
author = "mail_ros maintainers"
release = re.search(r'__version__ = "(.+)"', Path(__file__, "../../mail_ros/__init__.py").resolve().read_text())[1]  # type: ignore[index]
extensions = ["myst_parser"]
exclude_patterns = ["generator"]
myst_heading_anchors = 3  # links to headings of other pages, as GitHub has them
html_theme = "furo"
html_title = f"mail_ros {release}"
html_show_copyright = False
html_show_sourcelink = False
