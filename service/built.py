"""Builds the whole service for one process, ready to use, and takes it down again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from classifier.artefact import ArtefactError
from service.bootstrap import Services, build, prepare
from service.errors import Fatal
from service.settings import Settings


@asynccontextmanager
async def built(settings: Settings) -> AsyncIterator[Services]:
    """The services over databases at this release's version, while the block runs. Raises `Fatal`."""
    try:
        services = build(settings)
    except ArtefactError as error:
        raise Fatal(f"{error}; `deskrail train` makes a new one.") from None
    try:
        await prepare(services)
        yield services
    finally:
        await services.close()
