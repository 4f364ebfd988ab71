"""Disturbances of robots that a survey lacks, and their effect: before and after the front end for robots."""
