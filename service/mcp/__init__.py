"""The MCP door: the tool layer of one ticket for a machine from outside, over standard input and output."""
