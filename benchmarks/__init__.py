"""Measures what the service costs, each time beside a floor that is measured in the same run; nothing here fails CI."""
