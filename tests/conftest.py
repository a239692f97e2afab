"""Hypothesis profiles: the same examples on every run by default; `--hypothesis-profile nightly` tries many more."""

from hypothesis import HealthCheck, Phase, settings

_relaxed = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("default", max_examples=20, derandomize=True, database=None, **_relaxed)
settings.register_profile("nightly", max_examples=1000, print_blob=True, **_relaxed)
settings.register_profile(  # for tests/mutation.py: a failure is enough, no search for the smallest
    "mutation", max_examples=25, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate], **_relaxed
)
settings.load_profile("default")
