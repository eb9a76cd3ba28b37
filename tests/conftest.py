"""Settings that every test shares."""

from hypothesis import settings

# No deadline: these machines are busy, and the first call of a compiled function is slow. The same examples every
# time: a failure in one run is a failure in all.
settings.register_profile("multiplane", deadline=None, derandomize=True)
settings.load_profile("multiplane")
