"""The embedded shop: what it tells, what it does, and what it refuses."""
