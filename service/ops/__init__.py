"""What operators look at: the /ops page and the metrics, both from the database's facts."""
