"""The verbs of `mail_ros`, and the one place where an error becomes one line and an exit code."""
