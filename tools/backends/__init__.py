"""The merchants' systems that the tools act on, each behind the protocol of `tools.commerce`."""
