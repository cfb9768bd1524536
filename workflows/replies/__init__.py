"""What customers read: English templates, one file per reply, and the sandbox that fills them."""

from workflows.replies.check import Finding, check_templates
from workflows.replies.renderer import render, reply_names

__all__ = ["Finding", "check_templates", "render", "reply_names"]
