"""`mail_ros mark`: the surveyor's keyboard."""

from __future__ import annotations

import sys

from mail_ros.cli.console import console
from mail_ros.cli.options import Namespace

WORDS = {"": "mark", "u": "unmark", "start": "start", "stop": "stop"}
HELP = "Enter: mark; u: take the last mark back; start, stop: a take; q: end"


def mark(namespace: Namespace = "") -> None:
    """Tell a running recorder from the keyboard what is passed: Enter at each landmark, u takes the last one back.

    `start` and `stop` begin and end a take, `q` ends this. The answers say which landmark of a planned route is next.

    Example: `mail_ros mark`
    """
    try:
        from mail_ros.nodes.surveyor import Surveyor
    except ModuleNotFoundError as error:
        from mail_ros.nodes.spin import missing

        raise missing(error) from None

    console.print(HELP)
    with Surveyor(namespace) as surveyor:
        for line in sys.stdin:
            if (word := line.strip()) == "q":
                return
            if word not in WORDS:
                console.print(HELP)
                continue
            success, said = surveyor.ask(WORDS[word])
            console.print(said if success else f"refused: {said}", markup=False)
