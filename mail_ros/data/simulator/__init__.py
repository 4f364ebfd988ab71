"""Simulated buildings, and the robots and persons that measure the magnetic field in them.

Seeds determine everything: the same seed gives the same building and the same drive on every machine.
"""
