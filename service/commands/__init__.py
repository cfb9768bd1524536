"""The commands of `deskrail`, one module per command; each holds an `app`."""
