"""Errors that a user can mend. Each message says what was wanted, what was found, and the fix."""


class MailError(Exception):
    """Something outside the program is wrong; the command line prints it as one line.

    >>> print(MailError("walk.mcap", wanted="a topic /imu/mag", found="/odom", fix="name it with --topic"))
    walk.mcap: wanted a topic /imu/mag, found /odom; name it with --topic
    """

    def __init__(self, subject: object, *, wanted: str, found: str, fix: str) -> None:
        super().__init__(f"{subject}: wanted {wanted}, found {found}; {fix}")


class ConfigError(MailError):
    """A setting is unknown, of the wrong kind or out of range."""


class BagError(MailError):
    """A bag cannot be read, or does not hold what is needed."""


class ModelError(MailError):
    """A model file cannot be read, or its card and its weights disagree."""


class TrackError(MailError):
    """Walks cannot be used as they are: unlabelled, too short, or on several floors."""
