"""Samples lost by the recorder, and the cost of recording."""
