"""Where log lines go: to standard error, so that what a command prints stays clean; coloured on a terminal, else JSON."""

import logging
import sys
from typing import Literal

import structlog
from structlog.types import Processor

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure(shape: Literal["console", "json"] | None, level: int = logging.INFO) -> None:
    """Send our own lines and those of libraries to standard error; without a shape, the terminal decides."""
    shape = shape or ("console" if sys.stderr.isatty() else "json")
    renderer: Processor = structlog.processors.JSONRenderer()
    if shape == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=_SHARED))
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
    # Libraries speak up from warnings on; our own loggers are found by their package.
    logging.getLogger("service").setLevel(level)
