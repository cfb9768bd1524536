"""The console: where people see what waits for them, decide, answer, and watch the rails."""
