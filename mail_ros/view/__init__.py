"""Pictures of a localizer at work, live or from a bag; see docs/view.md."""
