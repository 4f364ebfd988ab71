"""Samples that the recorder loses, and what recording costs."""
