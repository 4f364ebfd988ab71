"""Simulated fields beside recorded ones."""
