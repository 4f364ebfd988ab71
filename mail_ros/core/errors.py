"""Errors that a user can fix. Each message names what was wanted, what was found, and the fix."""

from __future__ import annotations

from collections.abc import Callable


class MailError(Exception):
    """Something outside the program is wrong; the command line prints it as one line.

    >>> print(MailError("walk.mcap", wanted="a topic /imu/mag", found="/odom", fix="name it with --topic"))
    walk.mcap: wanted a topic /imu/mag, found /odom; name it with --topic
    """

    def __init__(self, subject: object, *, wanted: str, found: str, fix: str) -> None:
        message = f"{subject}: wanted {wanted}, found {found}; {fix}"
        super().__init__(" ".join(line.strip() for line in message.splitlines()))  # also where a file has line breaks

    def __reduce__(self) -> tuple[Callable[..., MailError], tuple[type[MailError], str]]:
        """Travel between processes as the finished message."""
        return _restore, (type(self), str(self))


def _restore(kind: type[MailError], message: str) -> MailError:
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    return error


class ConfigError(MailError):
    """A setting is unknown, of the wrong kind or out of range."""


class BagError(MailError):
    """A bag cannot be read, or does not hold what is needed."""


class OdometryError(MailError):
    """A message of odometry does not hold a pose."""


class ModelError(MailError):
    """A model file cannot be read, or its card and its weights disagree."""


class TrackError(MailError):
    """Walks cannot be used as they are: unlabelled, too short, or on several floors."""
