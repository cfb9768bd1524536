"""The merchant's world as the tool layer sees it: frozen values and the protocol that every backend fills."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, NewType, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

CustomerId = NewType("CustomerId", str)
OrderId = NewType("OrderId", str)
ItemId = NewType("ItemId", str)
PaymentMethodId = NewType("PaymentMethodId", str)

CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Value(BaseModel):
    """A frozen value of the merchant's world; fields that a backend adds are refused, so a change there is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Address(Value):
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    name: str | None = Field(default=None, max_length=120)
    line1: str = Field(min_length=1, max_length=200)
    line2: str | None = Field(default=None, max_length=200)
    city: str = Field(min_length=1, max_length=120)
    region: str | None = Field(default=None, max_length=120)
    postal_code: str = Field(min_length=1, max_length=20)
    country: CountryCode


class PersonName(Value):
    """A customer's name."""

    first: str
    last: str


class PaymentMethod(Value):
    """A customer's means of payment; `fingerprint` identifies the card or account across customers."""

    id: PaymentMethodId
    kind: Literal["card", "paypal", "store_credit"]
    brand: str | None = None
    last4: str | None = None
    fingerprint: str | None = None
    balance_minor: int | None = None


class Customer(Value):
    """A customer of the merchant, with the merchant's own id."""

    id: CustomerId
    email: str
    name: PersonName
    address: Address
    payment_methods: tuple[PaymentMethod, ...] = ()


class Variant(Value):
    """One buyable variant of a product; `price_minor` is in the shop's currency."""

    id: str
    options: dict[str, str] = {}
    price_minor: int
    available: bool = True


class Product(Value):
    """A product and its variants."""

    id: str
    name: str
    variants: tuple[Variant, ...] = ()


class OrderItem(Value):
    """One line of an order; the same variant may be in an order twice, under two item ids."""

    id: ItemId
    variant_id: str
    product_id: str
    name: str
    price_minor: int
    options: dict[str, str] = {}


class Payment(Value):
    """A movement of money on an order: captured from a method, or refunded to one; `amount_minor` is positive."""

    id: str
    method_id: PaymentMethodId
    amount_minor: int
    kind: Literal["capture", "refund"]
    at: datetime | None = None


class ShipmentEvent(Value):
    """What a carrier reported; `text` is written by the carrier and is data, never an instruction."""

    at: datetime | None = None
    status: str | None = None
    text: str = ""
    location: str | None = None


class Shipment(Value):
    """A parcel of an order."""

    tracking_id: str
    carrier: str
    status: str
    item_ids: tuple[ItemId, ...] = ()
    events: tuple[ShipmentEvent, ...] = ()


class ReturnRequest(Value):
    """A return that the merchant accepted."""

    item_ids: tuple[ItemId, ...]
    refund_to: PaymentMethodId


class ExchangeRequest(Value):
    """An exchange that the merchant accepted; a positive difference was charged, a negative one refunded."""

    item_ids: tuple[ItemId, ...]
    new_item_ids: tuple[str, ...]
    payment_method_id: PaymentMethodId
    difference_minor: int


class OrderStatus(StrEnum):
    """Where an order stands; `items_modified` is pending, and nothing about it may change any more."""

    PENDING = "pending"
    ITEMS_MODIFIED = "items_modified"
    PROCESSED = "processed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURN_REQUESTED = "return_requested"
    EXCHANGE_REQUESTED = "exchange_requested"


class Order(Value):
    """An order with its lines, money and parcels; amounts are in `currency`, which every order of a shop shares."""

    id: OrderId
    customer_id: CustomerId
    status: OrderStatus
    placed_at: datetime | None = None
    address: Address
    cancel_reason: str | None = None
    items: tuple[OrderItem, ...] = ()
    payments: tuple[Payment, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    return_: ReturnRequest | None = Field(default=None, alias="return")
    exchange: ExchangeRequest | None = None
    currency: str = Field(default="USD", exclude=True)

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @property
    def captured_minor(self) -> int:
        """What the customer has paid, in minor units."""
        return sum(p.amount_minor for p in self.payments if p.kind == "capture")

    @property
    def refunded_minor(self) -> int:
        """What has gone back to the customer, in minor units, as the backend's own books say."""
        return sum(p.amount_minor for p in self.payments if p.kind == "refund")


class Article(Value):
    """A help article of the merchant."""

    id: str
    title: str
    text: str
    url: str


class RefundLeg(Value):
    """The part of a refund that goes to one payment method."""

    method_id: PaymentMethodId
    amount_minor: int


class Receipt(Value):
    """The backend's proof that an effect happened or was accepted; `reference` is the backend's own id of it.

    `amount_minor` is the money that goes back, now or later; `legs` is the part that has moved.
    """

    reference: str
    kind: str
    amount_minor: int = 0
    currency: str | None = None
    legs: tuple[RefundLeg, ...] = ()
    data: dict[str, Any] = {}

    @property
    def moved_minor(self) -> int:
        """What has moved, in minor units."""
        return sum(leg.amount_minor for leg in self.legs)

    @property
    def promised_minor(self) -> int:
        """What has not moved yet, in minor units."""
        return max(self.amount_minor - self.moved_minor, 0)


class Job(Value):
    """The backend has accepted an effect and works on it; `reference` is the backend's own id of that work."""

    reference: str = Field(min_length=1, max_length=200)


class Failure(Value):
    """The backend's books say that an effect which it had accepted or reported as done has not happened after all."""

    reason: str = Field(default="", max_length=400)


class Capabilities(Value):
    """What a backend promises, so that the runner knows what it may do, most of all after a lost answer.

    `honours_keys`: a repeated key gets the first answer. `partial_refunds`: less than all that is left may go back.
    `refunds_on_cancel`: cancelling moves the money itself; without it the runner refunds in a second call.
    `address_change_is_one_call`: the change happens as a whole, so seeing the new address proves all of it.
    """

    honours_keys: bool
    partial_refunds: bool = True
    refunds_on_cancel: bool = True
    address_change_is_one_call: bool = True


class Backend(Protocol):
    """What carries effects out under keys, and can be asked by key what became of one."""

    @property
    def capabilities(self) -> Capabilities:
        """What this backend promises."""
        ...

    async def find_effect(self, key: str) -> Receipt | Job | Failure | None:
        """What became of the effect that carried this key, as it stands now; None when the backend knows of none."""
        ...


class Commerce(Backend, Protocol):
    """A merchant's system. Reads are not scoped to a customer: the runner scopes them.

    Every effect takes the action's idempotency `key`, and answers with its receipt, or with a job that goes on. Effects
    raise `BackendRefused` (nothing changed), `BackendUnavailable` (certainly nothing happened) or `OutcomeUnknown` (it may
    have happened).
    """

    async def get_order(self, order_id: OrderId) -> Order | None: ...
    async def find_orders(self, customer_id: CustomerId, limit: int = 20) -> tuple[Order, ...]:
        """The customer's orders, newest first."""
        ...

    async def get_customer(self, customer_id: CustomerId) -> Customer | None: ...
    async def find_customer_by_email(self, email: str) -> Customer | None: ...
    async def get_product(self, product_id: str) -> Product | None: ...
    async def find_shipment(self, tracking_id: str) -> tuple[Order, Shipment] | None: ...
    async def search_articles(self, query: str, limit: int = 3) -> tuple[Article, ...]: ...

    async def refund(
        self, order_id: OrderId, legs: Sequence[RefundLeg], reason: str, expected_refunded_minor: int, key: str
    ) -> Receipt | Job:
        """Send money back; refused with `bad_state` when the order's refunds differ from `expected_refunded_minor`."""
        ...

    async def cancel_order(self, order_id: OrderId, reason: str, key: str) -> Receipt | Job:
        """Cancel; the receipt's legs say what went back to where, when the backend refunds on cancel."""
        ...

    async def return_items(
        self, order_id: OrderId, item_ids: Sequence[ItemId], refund_to: PaymentMethodId, key: str
    ) -> Receipt | Job: ...

    async def exchange_items(
        self,
        order_id: OrderId,
        item_ids: Sequence[ItemId],
        new_item_ids: Sequence[str],
        payment_method_id: PaymentMethodId,
        expected_difference_minor: int,
        key: str,
    ) -> Receipt | Job:
        """Accept an exchange; refused with `bad_state` when the new items cost another amount more than was expected."""
        ...

    async def change_order_items(
        self,
        order_id: OrderId,
        item_ids: Sequence[ItemId],
        new_item_ids: Sequence[str],
        payment_method_id: PaymentMethodId,
        expected_difference_minor: int,
        key: str,
    ) -> Receipt | Job:
        """Change the items; refused with `bad_state` when the new items cost another amount more than was expected."""
        ...

    async def change_order_payment(self, order_id: OrderId, payment_method_id: PaymentMethodId, key: str) -> Receipt | Job: ...

    async def change_order_address(self, order_id: OrderId, address: Address, key: str) -> Receipt | Job: ...
    async def change_customer_address(self, customer_id: CustomerId, address: Address, key: str) -> Receipt | Job: ...
    async def add_note(self, order_id: OrderId | None, customer_id: CustomerId, text: str, key: str) -> Receipt | Job: ...
