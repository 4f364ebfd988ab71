"""Fixtures that several files use."""

pytest_plugins = ["ros"]
