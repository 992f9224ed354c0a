"""What every test runs under: how many examples Hypothesis tries, and that it repeats itself."""

import os

from hypothesis import HealthCheck, settings

# Where two cores are shared, a slow example says nothing about feedpub: no deadline.
settings.register_profile(
    "here", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50
)
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, max_examples=100)
settings.register_profile("night", settings.get_profile("here"), max_examples=2_000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "here")
)
