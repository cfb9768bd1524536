"""The demo: a shop, customers who write to it, and the whole service in one process and one folder."""
