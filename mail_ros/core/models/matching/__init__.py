"""Matching: a window against the survey's windows."""
