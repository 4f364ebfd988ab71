"""What writes docs/reference/ from the code: `make reference`. test/test_reference.py holds the pages up to date.

Nothing is listed here: verbs, nodes, parameters, settings, launch files and file formats are found where they are
defined, so that a new one is in the reference without a word in this folder.
"""
