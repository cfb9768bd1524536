"""The demo's own folder: fresh secrets, its settings, and a file with which another terminal joins in."""

import base64
import contextlib
import secrets
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.errors import Fatal
from service.settings import Settings, load

SETTINGS = """\
# The demo's settings. Everything that is not here has its default.
[tenants.default]
shop_name = "Harbour & Pine"
own_addresses = ["help@shop.example.com"]
link_hosts = ["shop.example.com"]
"""


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where the demo keeps everything, and the settings that it runs with; nothing comes from the caller's environment."""

    path: Path
    settings: Settings

    @property
    def environment_file(self) -> Path:
        """A file to be sourced by a shell, so that other commands meet the demo's database."""
        return self.path / "demo.env"

    @property
    def log_file(self) -> Path:
        """Where the service's log lines go."""
        return self.path / "deskrail.log"


@contextlib.contextmanager
def demo_folder(chosen: Path | None) -> Iterator[DemoFolder]:
    """The chosen folder, which stays, or a temporary one that goes with the block. Raises `Fatal` for one that is not empty."""
    with contextlib.ExitStack() as cleaning:
        if chosen is None:
            chosen = Path(
                cleaning.enter_context(tempfile.TemporaryDirectory(prefix="deskrail-demo-", ignore_cleanup_errors=True))
            )
        chosen.mkdir(parents=True, exist_ok=True)
        if any(chosen.iterdir()):
            raise Fatal(f"{chosen} is not empty; the demo wants a folder of its own.")
        yield _laid_out(chosen.absolute())


def _laid_out(path: Path) -> DemoFolder:
    (path / "deskrail.toml").write_text(SETTINGS, "utf-8")
    environment = {
        "DESKRAIL_DATABASE_URL": f"sqlite:///{path / 'deskrail.db'}",
        "DESKRAIL_CONFIG": str(path / "deskrail.toml"),
        "DESKRAIL_WEBHOOK_SECRET": f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "DESKRAIL_SESSION_SECRET": secrets.token_urlsafe(32),
        "DESKRAIL_MODEL_PROVIDER": "scripted",
    }
    folder = DemoFolder(path, load(environment))
    folder.environment_file.touch(mode=0o600)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    folder.environment_file.write_text("\n".join(lines) + "\n", "utf-8")
    return folder
