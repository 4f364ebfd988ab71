"""What a localizer does, to look at: live or from a bag; see docs/view.md."""
