"""`deskrail tool call`: a person acts through the same door, and what they looked at stands in the same journal."""

import sqlite3

from tests.cli.conftest import Deskrail
from tests.cli.test_policy import furnish


def test_what_a_person_looked_at_from_the_shell_stands_in_the_journal(deskrail: Deskrail, sqlite_url: str) -> None:
    ticket = furnish(deskrail, sqlite_url)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as db:
        before = db.execute("select count(*) from journal").fetchone()[0]
        done = deskrail("tool", "call", "find_orders", "--ticket", ticket, "--user", "amy@example.com")
        assert done.exit_code == 0, done.stderr
        assert "D-100004" in done.stdout
        new = db.execute("select kind, actor from journal order by rowid").fetchall()[before:]
        (amy,) = db.execute("select id from people where email = 'amy@example.com'").fetchone()
    assert new == [("tool.called", f"person:{amy}")]
