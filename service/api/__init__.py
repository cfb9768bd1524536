"""The JSON API: what a help desk, a script or another service may ask and do with a key."""
