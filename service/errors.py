"""The errors of the service: what a person sees, and the HTTP status that goes with it."""


class Fatal(Exception):
    """The process cannot start or go on; the text is one clear line for the operator."""


class Refused(Exception):
    """A request is refused. The class docstring is the default text; it never repeats input."""

    status = 400
    code = "refused"

    def __init__(self, detail: str | None = None, *, rule: str | None = None, headers: dict[str, str] | None = None) -> None:
        self.detail = detail or (self.__doc__ or "").strip()
        self.rule = rule
        self.headers = headers or {}
        super().__init__(self.detail)


class Unauthenticated(Refused):
    """Send a valid API key as a bearer token."""

    status = 401
    code = "unauthenticated"


class WebhookUnauthenticated(Refused):
    """The webhook could not be authenticated."""

    status = 401
    code = "webhook_unauthenticated"


class Forbidden(Refused):
    """This credential may not do that."""

    status = 403
    code = "forbidden"


class NotFound(Refused):
    """There is no such thing here."""

    status = 404
    code = "not_found"


class Conflict(Refused):
    """The thing has changed since you looked at it."""

    status = 409
    code = "conflict"


class WebhookIdConflict(Conflict):
    """This webhook id was used with another body."""

    code = "webhook_id_conflict"


class AlreadyDecided(Conflict):
    """This approval has been decided already."""

    code = "already_decided"


class ApprovalExpired(Conflict):
    """This approval has expired."""

    code = "expired"


class DigestMismatch(Conflict):
    """The approval was shown with other facts; look at it again before deciding."""

    code = "digest_mismatch"


class ApprovalSuperseded(Conflict):
    """The request behind this approval was withdrawn or replaced."""

    code = "superseded"


class ClaimedByOther(Conflict):
    """Another person has claimed this."""

    code = "claimed_by_other"


class Stale(Conflict):
    """This is no longer in the state that the request needs."""

    code = "stale"


class MalformedJson(Refused):
    """The body is not strict JSON."""

    status = 400
    code = "malformed_json"


class Invalid(Refused):
    """The request does not have the expected shape."""

    status = 422
    code = "validation"


class IdempotencyMismatch(Refused):
    """This Idempotency-Key was used with another request."""

    status = 422
    code = "idempotency_mismatch"


class IdempotencyInProgress(Conflict):
    """The first request with this Idempotency-Key is still at work."""

    code = "idempotency_in_progress"


class TooLarge(Refused):
    """The body is too large."""

    status = 413
    code = "too_large"


class UnsupportedEncoding(Refused):
    """Send the body without a content encoding."""

    status = 415
    code = "unsupported_encoding"


class TooFast(Refused):
    """Too many requests; wait before the next one."""

    status = 429
    code = "rate_limited"


class Unavailable(Refused):
    """The service cannot store anything right now; send this again later."""

    status = 503
    code = "unavailable"


class CsrfFailed(Forbidden):
    """The form was not sent from the console's own page."""

    code = "csrf_failed"
