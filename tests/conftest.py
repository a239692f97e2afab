"""Hypothesis profiles: the same examples on every run by default; `--hypothesis-profile nightly` tries many more.
Every test draws the same random numbers, whichever tests ran before it."""

import random
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings

import tinygrad_edu as tg

_relaxed = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("default", max_examples=20, derandomize=True, database=None, **_relaxed)
settings.register_profile("nightly", max_examples=1000, print_blob=True, **_relaxed)
settings.register_profile(  # for tests/mutation.py: a failure is enough, no search for the smallest
    "mutation", max_examples=25, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate], **_relaxed
)
settings.load_profile("default")


def pytest_runtest_setup(item: pytest.Item) -> None:
    random.seed(0)
    np.random.seed(0)
    tg.manual_seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
    for value in list(vars(getattr(item, "module", None) or object).values()):
        if isinstance(value, np.random.Generator):  # a test module's own
            value.bit_generator.state = np.random.default_rng(0).bit_generator.state
