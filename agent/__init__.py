"""How does a model work one ticket inside a budget?"""
