"""The settings of the processes that are measured: one tenant, one secret, the offline model, nothing from outside."""

import secrets
from base64 import b64encode
from dataclasses import replace

from service.settings import FileSettings, Settings, load

SECRET = "whsec_" + b64encode(b"a secret that signs nothing but benchmark webhooks").decode()


def settings_for(url: str) -> Settings:
    """Settings for the service on this database."""
    environment = {
        "DESKRAIL_DATABASE_URL": url,
        "DESKRAIL_WEBHOOK_SECRET": SECRET,
        "DESKRAIL_SESSION_SECRET": secrets.token_hex(32),
        "DESKRAIL_MODEL_PROVIDER": "scripted",
    }
    # A settings file that lies in the folder would tune what is measured.
    return replace(load(environment), file=FileSettings(), config_path=None)
