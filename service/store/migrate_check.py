"""Says whether the tables in code and the history of migrations agree: `python -m service.store.migrate_check`."""

import tempfile
from pathlib import Path

from service.store import migrate


def main() -> None:
    """Build a fresh database from the history, and compare it with the code."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'fresh.db'}"
        migrate.upgrade(url)
        migrate.check(url)


if __name__ == "__main__":
    main()
