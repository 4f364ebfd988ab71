"""Baselines: the methods that MAIL's paper compares with, and others, each behind the localizer interface.

The papers give their inner settings in outline only: each method is "in the manner of" its paper, and its module lists
what differs.
"""
