"""Log lines: to one place, in one shape, and without the texts of errors."""

import io
import json
import logging
from typing import Literal

import pytest
import structlog

from service import logs


def written(stream: io.StringIO) -> list[dict[str, object]]:
    """The lines as values."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_lines_and_the_engine_s_come_in_one_shape() -> None:
    stream = io.StringIO()
    logs.configure("json", logging.INFO, stream)
    structlog.get_logger("service.anything").info("ticket.moved", ticket_id="tkt_1")
    logging.getLogger("dbos").error("Exception encountered in asynchronous workflow:")
    logging.getLogger("somebody").info("too much talk")
    ours, theirs = written(stream)
    assert (ours["event"], ours["ticket_id"], ours["level"]) == ("ticket.moved", "tkt_1", "info")
    assert (theirs["event"], theirs["level"]) == ("Exception encountered in asynchronous workflow:", "error")


def test_an_error_s_text_is_not_written_down() -> None:
    stream = io.StringIO()
    logs.configure("json", logging.INFO, stream)
    try:
        raise ValueError("my card is 4111 1111 1111 1111")
    except ValueError:
        logging.getLogger("dbos").exception("workflow failed")
    (line,) = written(stream)
    assert "4111" not in stream.getvalue()
    assert line["error"] == "ValueError"
    assert str(line["where"]).startswith("['test_logs.py:")


@pytest.mark.parametrize("shape", ["json", "console"])
@pytest.mark.parametrize("named", [False, True], ids=["the_one_at_hand", "a_named_one"])
def test_what_a_customer_wrote_is_not_in_our_own_line_about_an_error(shape: Literal["json", "console"], named: bool) -> None:
    stream = io.StringIO()
    logs.configure(shape, logging.INFO, stream)
    card = "my card is 4111 1111 1111 1111"
    try:
        raise LookupError(card)
    except LookupError as error:
        structlog.get_logger("service.anything").error("mcp.call_failed", exc_info=error if named else True)
    line = stream.getvalue()
    assert "4111" not in line
    assert "LookupError" in line
    assert "test_logs.py:" in line
