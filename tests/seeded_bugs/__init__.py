"""Twelve bugs that somebody could write one day, each as a patch that names the tests which must fail with it."""
