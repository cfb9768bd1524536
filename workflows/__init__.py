"""What is a ticket, what may happen to it, and how does each common case run?"""
