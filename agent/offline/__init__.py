"""How does the offline model work a handful of long-tail tickets, by rules a person can read?"""
