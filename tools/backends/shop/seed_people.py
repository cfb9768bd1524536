"""Who buys in the demo shop: forty customers, their addresses and how they pay."""

from typing import Any

# First name, last name, street, city, region, postal code, country.
_PEOPLE = [
    ("Ada", "Lindqvist", "14 Harbour Street", "Portland", "ME", "04101", "US"),
    ("Marcus", "Okafor", "2210 Juniper Avenue", "Austin", "TX", "78704", "US"),
    ("Priya", "Raman", "58 Larkspur Lane", "San Jose", "CA", "95125", "US"),
    ("Tom", "Hendricks", "907 Mill Road", "Columbus", "OH", "43215", "US"),
    ("Sofia", "Marques", "Rua do Poço 12", "Porto", None, "4050-407", "PT"),
    ("Jonas", "Weber", "Lindenallee 33", "Leipzig", None, "04105", "DE"),
    ("Mei", "Tanaka", "3-8-14 Sakuragaoka", "Tokyo", "Shibuya", "150-0031", "JP"),
    ("Claire", "Dubois", "7 rue des Tanneurs", "Lille", None, "59000", "FR"),
    ("Daniel", "Novak", "441 Prospect Street", "Cleveland", "OH", "44115", "US"),
    ("Aisha", "Rahman", "19 Copper Beech Drive", "Manchester", None, "M14 5TP", "GB"),
    ("Luca", "Bianchi", "Via San Vitale 60", "Bologna", "BO", "40125", "IT"),
    ("Grace", "Mensah", "3302 Dogwood Court", "Atlanta", "GA", "30306", "US"),
    ("Oliver", "Strand", "88 Queen Street West", "Toronto", "ON", "M5H 2M5", "CA"),
    ("Hannah", "Fischer", "Gartenweg 5", "Freiburg", None, "79098", "DE"),
    ("Samuel", "Ortiz", "615 Mesa Verde Drive", "Santa Fe", "NM", "87501", "US"),
    ("Ingrid", "Solberg", "Storgata 21", "Bergen", None, "5003", "NO"),
    ("Wei", "Chen", "1200 Ocean Parkway", "Brooklyn", "NY", "11230", "US"),
    ("Fatima", "El-Sayed", "76 Maple Grove", "Dearborn", "MI", "48124", "US"),
    ("Patrick", "O'Donnell", "11 Shandon Row", "Cork", None, "T23 XY70", "IE"),
    ("Elena", "Popescu", "Strada Florilor 9", "Cluj-Napoca", None, "400001", "RO"),
    ("James", "Whitfield", "4 Castle Terrace", "Edinburgh", None, "EH1 2DP", "GB"),
    ("Naomi", "Katz", "2718 Euclid Avenue", "Berkeley", "CA", "94708", "US"),
    ("Rafael", "Souza", "Avenida Paulista 1048", "São Paulo", "SP", "01310-100", "BR"),
    ("Emma", "Lindholm", "Kungsgatan 40", "Göteborg", None, "411 15", "SE"),
    ("Andre", "Baptiste", "530 Magnolia Boulevard", "New Orleans", "LA", "70115", "US"),
    ("Yuki", "Sato", "2-15 Kitayama", "Kyoto", "Sakyo", "606-0943", "JP"),
    ("Megan", "Doyle", "1609 Cedar Hollow Road", "Nashville", "TN", "37203", "US"),
    ("Piotr", "Kowalski", "ulica Długa 17", "Kraków", None, "31-147", "PL"),
    ("Leila", "Haddad", "245 Bayview Avenue", "Seattle", "WA", "98102", "US"),
    ("Victor", "Nguyen", "8814 Willow Creek Lane", "Houston", "TX", "77031", "US"),
    ("Charlotte", "Janssens", "Sint-Jacobsstraat 3", "Gent", None, "9000", "BE"),
    ("Isaac", "Feldman", "77 Chestnut Hill", "Boston", "MA", "02135", "US"),
    ("Rosa", "Delgado", "Calle Mayor 88", "Valencia", None, "46001", "ES"),
    ("Kwame", "Asante", "1420 Lakeshore Drive", "Chicago", "IL", "60610", "US"),
    ("Freya", "Nielsen", "Vestergade 12", "Aarhus", None, "8000", "DK"),
    ("Dylan", "Murphy", "350 Canyon Road", "Boulder", "CO", "80302", "US"),
    ("Zoe", "Papadaki", "Ermou 31", "Thessaloniki", None, "546 23", "GR"),
    ("Arjun", "Mehta", "5120 Hawthorne Street", "Edison", "NJ", "08820", "US"),
    ("Lucy", "Harrington", "62 Riverside Crescent", "Bristol", None, "BS1 4QD", "GB"),
    ("Ben", "Carver", "18 Old Quarry Road", "Burlington", "VT", "05401", "US"),
]

_BRANDS = ("visa", "mastercard", "amex")


def demo_customers() -> list[dict[str, Any]]:
    """The forty customers `cus_1` to `cus_40` in the contract's shape; `cus_1` is Ada, `ada@example.com`."""
    return [_customer(number, *person) for number, person in enumerate(_PEOPLE, start=1)]


def _customer(
    number: int, first: str, last: str, line1: str, city: str, region: str | None, postal_code: str, country: str
) -> dict[str, Any]:
    address = {"name": f"{first} {last}", "line1": line1, "city": city, "postal_code": postal_code, "country": country}
    if region:
        address["region"] = region
    return {
        "id": f"cus_{number}",
        "email": f"{first.lower()}@example.com",
        "name": {"first": first, "last": last},
        "address": address,
        "payment_methods": _methods(number),
    }


def _methods(number: int) -> list[dict[str, Any]]:
    """Most have a card, some PayPal, every third a store credit; the first customer has all three."""
    methods: list[dict[str, Any]] = []
    if number % 4 != 0:
        last4 = f"{(number * 7919 + 4242) % 10_000:04d}"
        methods.append(
            {
                "id": f"pm_{number}_card",
                "kind": "card",
                "brand": _BRANDS[number % len(_BRANDS)],
                "last4": last4,
                "fingerprint": f"fp_card_{number}",
            }
        )
    if number % 4 == 0 or number % 5 == 1:
        methods.append({"id": f"pm_{number}_paypal", "kind": "paypal", "fingerprint": f"fp_paypal_{number}"})
    if number % 3 == 1:
        balance_minor = 2500 + (number * 1700) % 20_000
        methods.append({"id": f"pm_{number}_credit", "kind": "store_credit", "balance_minor": balance_minor})
    return methods
