"""Settings as a command line takes them: SECTION.NAME=VALUE."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mail_ros.core.errors import ConfigError


def sections(settings: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Values by section and name, of settings like `features.rate_hz=10` or `window.scales_s=[1,2,5]`.

    A value is JSON; what is not is a word.

    Raises:
        ConfigError: a setting that is not SECTION.NAME=VALUE.
    """
    values: dict[str, dict[str, Any]] = {}
    for setting in settings:
        path, equals, text = setting.partition("=")
        section, dot, name = path.partition(".")
        if not (equals and dot):
            raise ConfigError(setting, wanted="SECTION.NAME=VALUE", found=setting, fix="as in features.rate_hz=10")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        values.setdefault(section, {})[name] = value
    return values
