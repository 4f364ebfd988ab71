"""Generator of docs/reference/ from the code: `make reference`. test/test_reference.py checks the pages.

Nothing is listed here: verbs, nodes, parameters, settings, launch files and file formats are found where they are
defined, so that a new one appears in the reference without a change in this folder.
"""
