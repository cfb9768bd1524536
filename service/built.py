"""Builds the whole service for one process, ready to use, and takes it down again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from classifier.artefact import ArtefactError
from service.bootstrap import Services, build, prepare
from service.errors import Fatal
from service.settings import Settings


@asynccontextmanager
async def built(settings: Settings, *, prepared: bool = False) -> AsyncIterator[Services]:
    """The services over databases at this release's version, while the block runs. Raises `Fatal`.

    With `prepared` the databases are known to be at that version, and are not touched first.
    """
    try:
        services = build(settings)
    except ArtefactError as error:
        raise Fatal(f"{error}; `deskrail train` makes a new one.") from None
    try:
        if not prepared:
            await prepare(services)
        yield services
    finally:
        await services.close()
