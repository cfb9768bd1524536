"""Well-known firms that customers name; which one it is says nothing, that it is somebody else's says a lot."""

_OTHER_FIRMS = (
    "amazon ebay zalando asos argos ikea netflix spotify disney hulu uber lyft deliveroo doordash grubhub ubereats airbnb "
    "expedia facebook instagram snapchat tiktok whatsapp twitter gmail yahoo icloud microsoft playstation xbox nintendo "
    "vodafone verizon comcast tesco sainsburys walmart ryanair easyjet lufthansa aldi lidl zara shein temu aliexpress "
    "linkedin youtube telegram hsbc barclays ocado vinted wayfair costco"
)
_CARRIERS = "dhl ups fedex usps hermes evri dpd gls yodel tnt purolator royalmail colissimo correos postnl inpost"
_PAYMENT_FIRMS = "paypal klarna visa mastercard amex afterpay clearpay sofort maestro giropay"

KINDS: dict[str, str] = {
    name: kind
    for kind, names in (("otherfirm", _OTHER_FIRMS), ("carrierfirm", _CARRIERS), ("payfirm", _PAYMENT_FIRMS))
    for name in names.split()
}
"""Lower-case name to the word that stands for its kind."""
