"""The fixtures of these tests."""

from tests.api.fixtures import furnished, small_house, small_url

__all__ = ["furnished", "small_house", "small_url"]
