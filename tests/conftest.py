"""For all tests."""

from hypothesis import settings

# Other tests run beside on the same cores: how long an example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
