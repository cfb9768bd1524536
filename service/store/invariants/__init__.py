"""The promises that the tables must keep at every moment, each one a query that returns what breaks it."""
