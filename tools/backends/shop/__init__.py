"""The embedded shop: a stranger to the rest, with its own database and its own books."""

from tools.backends.shop.backend import Shop
from tools.backends.shop.data import BadShopData, BookEntry, UnknownShop, dump, load, read_books
from tools.backends.shop.engine import open_engine
from tools.backends.shop.faults import Fault, Faulty
from tools.backends.shop.schema import create_tables, has_tables
from tools.backends.shop.seed import demo_data
from tools.backends.shop.slow import SlowShop

__all__ = [
    "BadShopData",
    "BookEntry",
    "Fault",
    "Faulty",
    "Shop",
    "SlowShop",
    "UnknownShop",
    "create_tables",
    "demo_data",
    "dump",
    "has_tables",
    "load",
    "open_engine",
    "read_books",
]
