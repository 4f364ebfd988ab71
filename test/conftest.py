"""Fixtures that several files use."""

from hypothesis import settings

pytest_plugins = ["ros", "small_site"]

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
