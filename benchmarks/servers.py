"""What the measured processes of the service run: the web service, a worker, or both in one, built as in production."""

import logging
from contextlib import AsyncExitStack, closing

from benchmarks.environment import settings_for
from benchmarks.processes import Say
from service import logs, loop
from service.app import create_app
from service.bootstrap import build
from service.serving import address, listen, serving, until_told_to_stop
from service.worker import working


def web(url: str, say: Say) -> None:
    """The web service alone."""
    loop.run(_serve(url, say, with_worker=False))


def whole(url: str, say: Say) -> None:
    """The web service with its embedded worker."""
    loop.run(_serve(url, say, with_worker=True))


def worker(url: str, say: Say) -> None:
    """A worker alone."""
    loop.run(_work(url, say))


async def _serve(url: str, say: Say, *, with_worker: bool) -> None:
    logs.configure("json", logging.WARNING)
    services = build(settings_for(url))
    try:
        with closing(listen("127.0.0.1", 0)) as listening:
            async with AsyncExitStack() as stack:
                if with_worker:
                    await stack.enter_async_context(working(services))
                await stack.enter_async_context(serving(create_app(services, has_worker=with_worker), listening))
                say(address(listening))
                await until_told_to_stop()
    finally:
        await services.close()


async def _work(url: str, say: Say) -> None:
    logs.configure("json", logging.WARNING)
    services = build(settings_for(url))
    try:
        async with working(services):
            say("")
            await until_told_to_stop()
    finally:
        await services.close()
