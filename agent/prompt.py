"""The instructions that a model gets: one short page, and the tenant's policy in words."""

from importlib.resources import files
from string import Template

_PAGE = Template(files("agent").joinpath("prompts", "system.md").read_text(encoding="utf-8"))


def system_prompt(shop: str, canary: str, policy_text: str) -> tuple[str, str]:
    """The page and the policy, the same for every ticket of a tenant so that servers can cache them.

    `policy_text` is rendered by the tool layer from the numbers that it enforces.
    """
    return _PAGE.substitute(shop=shop, canary=canary).strip(), policy_text.strip() or "Nothing beyond what the tools allow."
