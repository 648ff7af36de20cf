"""Measured comparisons: ``python -m benchmarks.NAME`` prints ratios of one run."""
