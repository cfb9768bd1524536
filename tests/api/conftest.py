"""The fixtures of these tests."""

from tests.api.fixtures import furnished, house, house_url, small_house, small_url, wire

__all__ = ["furnished", "house", "house_url", "small_house", "small_url", "wire"]
