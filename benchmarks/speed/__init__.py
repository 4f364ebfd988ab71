"""What an estimate costs: `python -m benchmarks speed`."""
