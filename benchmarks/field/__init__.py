"""Simulated fields compared with recorded ones."""
