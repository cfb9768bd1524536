"""What is left of a mail when everything is cut that its sender did not say now."""

import pytest

from classifier.characters import MAX_CHARS
from classifier.clean import clean


def test_a_quoted_reply_is_not_the_customers_own_word() -> None:
    mail = "Where is it?\n\nOn Mon, 2 Nov 2026 at 10:00, Support <help@shop.example> wrote:\n> Do you want to cancel the order?"
    assert clean(mail).text == "Where is it?"


def test_an_answer_below_the_quote_is_kept() -> None:
    mail = "On Fri, 7 Mar 2025 at 14:30, Returns wrote:\n> Refund or replacement?\n\nReplacement please."
    assert clean(mail).text == "Replacement please."


def test_words_between_quoted_lines_are_kept() -> None:
    assert clean("> Which size?\nL please\n> Which colour?\nblack").text == "L please\nblack"


def test_an_outlook_thread_is_cut_at_its_headers() -> None:
    mail = "Any news?\n\nFrom: Support <help@shop.example>\nSent: Monday\nTo: Ann\nSubject: Your refund\n\nWe refunded you."
    assert clean(mail).text == "Any news?"


def test_a_forwarded_mail_without_a_word_says_only_its_subject() -> None:
    mail = "---------- Forwarded message ----------\nFrom: shop@shop.example\nSubject: Thanks\n\nThank you for your order"
    assert clean(mail, "Fwd: please cancel this").text == "please cancel this"


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        ("Where is my parcel?\n\nBest regards,\nAnn Lee\nHead of Office\n+44 20 7946 0112", "Where is my parcel?"),
        ("Where is my parcel?\n--\nAnn Lee\nLee & Sons", "Where is my parcel?"),
        ("Where is my parcel?\n\nSent from my iPhone", "Where is my parcel?"),
        ("Any news?\n\nRegards\nMaría de la Cruz\nSales manager\nPortland, OR 97201\nwww.lee.example", "Any news?"),
        ("Any news?\n\nThanks\n\nBest wishes,\nInês d'Almeida (Mrs)", "Any news?"),
        ("Please cancel.\n\nThis e-mail and any attachments are confidential and for the recipient only.", "Please cancel."),
    ],
)
def test_a_signature_is_cut(mail: str, said: str) -> None:
    assert clean(mail).text == said


def test_thanks_in_the_middle_of_a_mail_cut_nothing() -> None:
    mail = "Thanks, but I never got it.\n\nThanks\n\nalso please cancel D-100002"
    assert "also please cancel D-100002" in clean(mail).text


@pytest.mark.parametrize(
    "more", ["Actually no, keep the kettle", "But only the blue mug", "no wait", "Keep one mug", "Blue mug", "Ann\nnot yet"]
)
def test_what_a_customer_still_says_below_the_thanks_is_no_signature(more: str) -> None:
    assert clean(f"Yes please\n\nThanks\n{more}").text == f"Yes please\n\nThanks\n{more}"


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        ("Yes\n\nSent from my iPhone\nNo wait, don't", "Yes\n\nNo wait, don't"),
        ("Sent from my iPhone\nyes please", "yes please"),
        ("Any news?\nThanks\nAnn Lee\nGet Outlook for iOS", "Any news?"),
    ],
)
def test_what_a_customer_writes_below_the_line_of_their_phone_is_read(mail: str, said: str) -> None:
    assert clean(mail).text == said


@pytest.mark.parametrize(
    "line",
    [
        *("Sent from my Samsung Galaxy smartphone.", "Sent from Yahoo Mail on Android", "Sent from Outlook for iOS"),
        *("Sent from Mail for Windows", "Sent with Proton Mail secure email.", "Sent via the Samsung Galaxy S9"),
        *("Gesendet von meinem iPhone", "Envoyé de mon iPhone", "Enviado desde mi iPad", "Get Outlook for Android"),
    ],
)
def test_the_line_that_a_phone_or_program_adds_is_cut(line: str) -> None:
    assert clean(f"Any news?\n\n{line}").text == "Any news?"


@pytest.mark.parametrize(
    "line",
    [
        "Sent from the warehouse damaged, I want my money back",
        "Sent with the wrong plug.",
        "Sent via the wrong courier again",
        "Sent from mailroom 3 to the wrong flat",
    ],
)
def test_how_a_parcel_was_sent_is_not_taken_for_the_line_of_a_phone(line: str) -> None:
    assert clean(f"It is broken\n{line}").text == f"It is broken\n{line}"


def test_a_mail_that_is_only_a_sign_off_is_not_emptied() -> None:
    assert clean("Thank you").text == "Thank you"


def test_a_subject_of_ones_own_is_read_and_an_answered_one_is_not() -> None:
    assert clean("Order D-100001", "Refund please").text == "Refund please\nOrder D-100001"
    assert clean("When will it arrive at my door?", "Re: [Ticket #12] Your invoice").text == "When will it arrive at my door?"


def test_html_is_read_as_its_reader_saw_it() -> None:
    mail = (
        "<html><body><p>Where is my <b>order</b>?</p><script>cancel()</script><blockquote>old words</blockquote></body></html>"
    )
    assert clean(mail).text == "Where is my order?"


def test_invisible_and_bidirectional_characters_do_not_hide_a_word() -> None:
    assert clean("can\u200bcel my\u202e or\u00adder\ufeff").text == "cancel my order"


def test_order_numbers_survive_cleaning() -> None:
    assert "#W1234567" in clean("cancel #W1234567 please").text


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Automatic reply: your order", "I am out of the office until Monday."),
        ("", "I am currently out of the office and will return on 3 May. In urgent cases write to my colleague."),
        ("Undeliverable: Your refund", "Delivery has failed to these recipients."),
    ],
)
def test_a_machines_answer_is_recognised(subject: str, text: str) -> None:
    assert clean(text, subject).is_auto_reply


@pytest.mark.parametrize(
    "subject",
    [
        *("Undeliverable: Your refund", "Undelivered Mail Returned to Sender", "Delivery Status Notification (Failure)"),
        *("Mail delivery failed: returning message to sender", "Returned mail: see transcript for details", "failure notice"),
    ],
)
def test_a_bounce_is_recognised_by_its_subject(subject: str) -> None:
    assert clean("<ann@lee.example>: host mx.lee.example said: 550 no such user", subject).is_auto_reply


def test_a_bounce_is_recognised_by_its_first_words() -> None:
    assert clean("Delivery has failed to these recipients or groups:\nann@lee.example", "Your refund").is_auto_reply


@pytest.mark.parametrize(
    "subject",
    [
        *(
            "Undelivered order",
            "Undelivered mail order D-100001",
            "Undeliverable parcel",
            "Delivery failure",
            "Delivery has failed",
        ),
        *("Delivery failure of my parcel", "Mail delivery failed again", "Returned mail", "Returned mail order"),
    ],
)
def test_a_customer_whose_parcel_never_came_is_no_bounce(subject: str) -> None:
    assert not clean("D-100001 has still not come, I have been waiting for two weeks.", subject).is_auto_reply


def test_a_person_who_is_away_and_asks_for_something_is_not_a_machine() -> None:
    assert not clean("I am on holiday until Monday, please hold my parcel until then").is_auto_reply
    assert not clean("your own system bounced the mail to me, can you help?", "Fwd: Failure notice").is_auto_reply


@pytest.mark.parametrize("text", ["", " \n\t", "...", "\u200b\u200b", "?!", "12345"])
def test_a_message_without_a_word_is_empty(text: str) -> None:
    assert clean(text).is_empty


PROBES = {
    "attributions": "On 1 x",
    "attribution lines": "On x 1\n",
    "blank lines": "\n",
    "headers": "From: x\n\n",
    "quote marks": "> ",
    "quoted lines": ">\n",
    "open tags": "<div>",
    "nested quotes": "<blockquote>",
    "angle brackets": "<",
    "attributes": "<p a=b ",
    "combining marks": "a\u0301\u0316",
    "expanding characters": "\ufdfa",
    "at signs": "@\n",
    "sign-offs": "thanks\n",
    "notices": "this e-mail is ",
    "letters": "a",
    "digits": "1",
    "subjects": "subject: ",
}


@pytest.mark.parametrize("piece", PROBES.values(), ids=PROBES.keys())
def test_a_hostile_mail_is_cleaned_like_any_other(piece: str) -> None:
    hostile = ("<p>" + piece * MAX_CHARS)[:MAX_CHARS]
    assert len(clean(hostile).text) <= MAX_CHARS


def test_a_long_mail_is_read_up_to_its_limit() -> None:
    assert len(clean("word " * MAX_CHARS).text) <= MAX_CHARS
