"""What can go wrong in the rules of tickets and flows; each is a mistake of the program, never of a customer."""


class WorkflowError(Exception):
    """The base of this package's errors."""


class IllegalTransition(WorkflowError):
    """An event reached a ticket or a flow in a state that does not declare it; nothing has moved."""

    def __init__(self, machine: str, state: str, event: str) -> None:
        super().__init__(f"{machine} does not allow {event!r} in state {state!r}.")
        self.machine = machine
        self.state = state
        self.event = event


class UnknownReply(WorkflowError):
    """A reply template was asked for that does not exist."""
