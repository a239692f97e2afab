"""Benchmarks: `python -m tests.benchmarks`. Timing is measured here and never asserted in a test."""
