"""The fixtures of these tests."""

from tests.console.conftest import each_url, each_world, furnished, world, world_url

__all__ = ["each_url", "each_world", "furnished", "world", "world_url"]
