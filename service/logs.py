"""Where log lines go: to standard error, so that what a command prints stays clean; coloured on a terminal, else JSON."""

import logging
import sys
import traceback
from pathlib import Path
from typing import Any, Literal, TextIO

import structlog
from structlog.types import EventDict, Processor


def _without_texts(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """An error's kind and place instead of its text: a database error, for one, holds the row that it was about."""
    raised = _raised(line.pop("exc_info", None))
    if raised is not None:
        line["error"] = type(raised).__name__
        line["where"] = [
            f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(raised.__traceback__)[-3:]
        ]
    return line


def _raised(told: Any) -> BaseException | None:
    """The error that a line came with: itself, as `sys.exc_info` tells it, or only that one is being handled."""
    if isinstance(told, BaseException):
        return told
    return told[1] if isinstance(told, tuple) else sys.exc_info()[1] if told else None


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    # A renderer that found the error itself would print its text, and on a terminal the local variables too.
    _without_texts,
)


def configure(shape: Literal["console", "json"] | None, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send our own lines and those of libraries to the stream, standard error; without a shape, the terminal decides."""
    to = stream or sys.stderr
    on_terminal = to is not None and to.isatty()
    shape = shape or ("console" if on_terminal else "json")
    renderer: Processor = structlog.processors.JSONRenderer()
    if shape == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=on_terminal)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    handler = logging.StreamHandler(to)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=_SHARED))
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
    # The engine's library writes to the terminal by itself unless somebody listens already.
    engine = logging.getLogger("dbos")
    engine.handlers[:], engine.propagate = [handler], False
    # Libraries speak up from warnings on; our own loggers are found by their package.
    logging.getLogger("service").setLevel(level)
