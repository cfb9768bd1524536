"""The closed list of what a customer's message can mean."""

from enum import StrEnum


class Intent(StrEnum):
    """What the customer wants; the value is the word used in data files, routes and the API."""

    ORDER_STATUS = "order_status"
    REFUND_STATUS = "refund_status"
    CANCEL_ORDER = "cancel_order"
    RETURN_REFUND = "return_refund"
    EXCHANGE = "exchange"
    CHANGE_ORDER = "change_order"
    CHANGE_ADDRESS = "change_address"
    PAYMENT_ISSUE = "payment_issue"
    INVOICE = "invoice"
    ACCOUNT_ACCESS = "account_access"
    DELIVERY_PROBLEM = "delivery_problem"
    PRODUCT_QUESTION = "product_question"
    COMPLAINT = "complaint"
    HUMAN_PLEASE = "human_please"
    OUT_OF_SCOPE = "out_of_scope"


DESCRIPTIONS: dict[Intent, str] = {
    Intent.ORDER_STATUS: "Asks where an order is or when it will arrive.",
    Intent.REFUND_STATUS: "Asks when money that was already promised or requested will be back.",
    Intent.CANCEL_ORDER: "Wants an order stopped before it is sent.",
    Intent.RETURN_REFUND: "Wants to send something back, or wants the money back for something received or lost.",
    Intent.EXCHANGE: "Wants a received article swapped for another size, colour or a working one.",
    Intent.CHANGE_ORDER: "Wants other articles, options or quantities in an order that is not sent yet.",
    Intent.CHANGE_ADDRESS: "Wants an order or the account to use another address.",
    Intent.PAYMENT_ISSUE: "Has trouble with paying or was charged wrongly, twice or without an order.",
    Intent.INVOICE: "Wants an invoice, a receipt or a correction of one.",
    Intent.ACCOUNT_ACCESS: "Cannot get into the account, or wants its password, e-mail or login repaired.",
    Intent.DELIVERY_PROBLEM: "Reports that a delivery went wrong: marked delivered but missing, damaged, incomplete or wrong.",
    Intent.PRODUCT_QUESTION: "Asks about an article before buying or about using it.",
    Intent.COMPLAINT: "Is angry about the company or its service and asks for nothing that another intent names.",
    Intent.HUMAN_PLEASE: "Wants to speak to a person.",
    Intent.OUT_OF_SCOPE: "Is about something that none of the other intents covers.",
}
