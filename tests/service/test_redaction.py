"""What is taken out of texts, and what is left."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.service.redaction import Redactor


def redactor(*secrets: str) -> Redactor:
    """One that knows these secrets."""
    made = Redactor()
    made.add(secrets)
    return made


@pytest.mark.parametrize(
    ("secret", "text", "expected"),
    [
        ("hunter22", "password hunter22 refused", "password *** refused"),
        ("p@ss/word", "https://u:p%40ss%2Fword@h/", "https://u:***@h/"),
        ("p@ss word", "pw=p%40ss+word", "pw=***"),
        ('say "x"', '{"k": "say \\"x\\""}', '{"k": "***"}'),
        ("abc", "abc", "abc"),
        ("", "nothing", "nothing"),
        ("tgram://123456:AbCdEf/42", "bot 123456:AbCdEf said no", "bot *** said no"),
        (
            "mailto://joe:swordfish@mail.example.org",
            "login as swordfish at mail.example.org",
            "login as *** at mail.example.org",
        ),
        ("https://hooks.example.org/services/T0000000/verylongtoken", "POST verylongtoken", "POST ***"),
        ("https://example.org/feed?token=0123456789&n=5", "?token=0123456789&n=5", "?token=***&n=5"),
        ("tgram://", "the tgram:// url lacks a part", "the tgram:// url lacks a part"),
        ("http://localhost:8080/x", "localhost:8080 is down", "localhost:8080 is down"),
    ],
)
def test_secrets_and_their_parts_are_masked(secret: str, text: str, expected: str) -> None:
    """A secret goes in each of its spellings; an address goes in its secret parts."""
    assert redactor(secret)(text) == expected


def test_the_longest_secret_goes_first() -> None:
    """A secret that begins another one leaves no rest of it behind."""
    assert redactor("swordfish", "swordfish-and-chips")("swordfish-and-chips") == "***"


def test_secrets_add_up() -> None:
    """A second registration does not forget the first."""
    made = redactor("first-secret")
    made.add(["second-secret"])
    assert made("first-secret second-secret") == "*** ***"


@given(st.text(min_size=4).filter(lambda s: len(s.strip()) >= 4), st.text(), st.text())
def test_no_text_keeps_a_secret(secret: str, before: str, after: str) -> None:
    """Whatever stands around it, the secret is gone, plain and quoted."""
    if "*" in secret:
        return  # the mask itself may then spell it
    secret = secret.strip()
    made = redactor(secret)
    assert secret not in made(before + secret + after)
    assert quote(secret, safe="", errors="replace") not in made(
        before + quote(secret, safe="", errors="replace") + after
    )


def test_what_is_confidential_is_masked_as_words() -> None:
    """In any case, as a part of a longer name, and names of several words; however many there are."""
    made = redactor("hunter22")
    made.confide((f"word{n}" for n in range(50_000)), {"The Harbour": "secret-1", "harbour-deal": "secret-2"})
    text = "the HARBOUR is harbour-deal, Word7 and x-word8, word and hunter22"
    assert made.discreet(text) == "secret-1 is secret-2, *** and x-***, word and ***"
    assert made(text) == text.replace("hunter22", "***"), "our own sentences are not looked at"
