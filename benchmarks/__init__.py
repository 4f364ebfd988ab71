"""What is measured of mail_ros beside accuracy: run from a checkout as `python -m benchmarks`, never installed."""
