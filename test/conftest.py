"""Fixtures that several files use."""

pytest_plugins = ["ros", "small_site"]
