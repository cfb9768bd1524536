"""Questions that the help centre or the catalogue answers."""

import re

from agent.offline.moves import Move, Say, hand_over, use
from agent.offline.orders import money_text
from agent.offline.view import View
from tools.ports import Json

_WORD = re.compile(r"[a-z]{4,30}")
_COMMON = frozenset(
    ["your", "this", "that", "have", "with", "from", "what", "when", "please", "order", "would", "there", "about"]
)


def article(view: View) -> Move:
    """Answer with the best help article and its link."""
    searches = view.called("search_articles")
    if not searches:
        return use(("search_articles", {"query": " ".join(view.text.split())[:300] or "help"}))
    found = (searches[-1].data or {}).get("articles") or [] if searches[-1].ok else []
    best = next((item for item in found if _related(view.text, f"{item['title']} {item['text']}")), None)
    if best is None:
        return hand_over(view, "out_of_scope", "No help article answers this.")
    return Say(f"Thank you for your question. {best['text']}\n\nYou can read more here: {best['url']}")


def product(view: View) -> Move:
    """Answer from the catalogue when the question names a product that the customer has ordered, else from the help centre."""
    looked_up = view.called("get_product")
    if looked_up and looked_up[-1].ok:
        return Say(_described(view, looked_up[-1].data["product"]))
    named = next((item for item in _ordered(view) if _mentions(view.text, item["name"])), None)
    if named is None or looked_up:
        if not view.orders and not view.called("find_orders") and view.may("find_orders"):
            return use(("find_orders", {}))
        return article(view)
    return use(("get_product", {"product_id": named["product_id"]}))


def _described(view: View, shown: dict[str, Json]) -> str:
    currency = view.orders[0] if view.orders else {}
    lines = [f"Here is what we have of the {shown['name']}:"]
    for variant in shown.get("variants") or ():
        options = ", ".join(map(str, (variant.get("options") or {}).values())) or "one size"
        stock = "in stock" if variant.get("available", True) else "sold out"
        lines.append(f"- {options}: {money_text(currency, variant['price_minor'])}, {stock}")
    return "\n".join(lines)


def _ordered(view: View) -> list[dict[str, Json]]:
    return [item for order in view.orders for item in order.get("items") or ()]


def _mentions(text: str, name: str) -> bool:
    """Whether the text holds the name's last word, which says what kind of thing it is."""
    kind = name.lower().split()[-1].rstrip("s")
    return re.search(rf"\b{re.escape(kind)}", text.lower()) is not None


def _related(text: str, answer: str) -> bool:
    asked = set(_WORD.findall(text.lower())) - _COMMON
    return bool(asked & set(_WORD.findall(answer.lower())))
