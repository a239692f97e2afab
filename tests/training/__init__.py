"""Tests of the training loop, accuracy and sweeps."""
