"""Measurements of mail_ros other than accuracy: run from a checkout as `python -m benchmarks`, never installed."""
