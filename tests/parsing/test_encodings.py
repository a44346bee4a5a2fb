"""Whole documents in old character sets come out right, in six languages that are not written in Latin."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest

from monitor.feeds.worker import parse_document

URL = "https://example.org/feed"
# Title, text, author and category.
WORDS = {
    "fa": ("گفتگو در دوحه", "مردم از خبر گفتگو خوشحال بودند", "آرش کمانگر", "جهان"),
    "ar": ("محادثات في الدوحة", "قالت الحكومة إن الاتفاق قريب، وإن المحادثات مستمرة", "سلمى", "العالم"),
    "zh": ("多哈会谈继续", "政府表示协议已经接近达成、会谈将继续。", "李明", "国际"),
    "zh-TW": ("多哈會談繼續", "政府表示協議已經接近達成、會談將繼續。", "李明", "國際"),
    "he": ("שיחות בדוחה", "הממשלה אמרה כי ההסכם קרוב", "דנה לוי", "עולם"),
    "ja": ("ドーハで協議続く", "政府は合意が近いと述べた。協議は続く。", "山田太郎", "国際"),
    "ko": ("도하 회담 계속", "정부는 합의가 가깝다고 말했다.", "김민수", "국제"),
    "ru": ("Переговоры в Дохе", "Правительство сказало, что скоро подпишет соглашение.", "Анна", "Мир"),
}
CHARSETS = [
    ("windows-1256", "fa"),
    ("windows-1256", "ar"),
    ("iso-8859-6", "ar"),
    ("windows-1255", "he"),
    ("iso-8859-8", "he"),
    ("gb2312", "zh"),
    ("gb18030", "zh"),
    ("gb18030", "zh-TW"),
    ("big5", "zh-TW"),
    ("shift_jis", "ja"),
    ("euc-jp", "ja"),
    ("iso-2022-jp", "ja"),
    ("euc-kr", "ko"),
    ("windows-1251", "ru"),
    ("koi8-r", "ru"),
    *((charset, language) for charset in ("utf-8", "utf-16") for language in WORDS),
]


def rss(language: str, declared: str) -> str:
    """An RSS document."""
    title, text, author, category = map(escape, WORDS[language])
    return (
        f'<?xml version="1.0"{declared}?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>{title}</title><language>{language}</language><item><title>{title}</title>"
        f"<link>https://example.org/1</link><description><![CDATA[<p>{text}</p>]]></description>"
        f"<dc:creator>{author}</dc:creator><category>{category}</category></item></channel></rss>"
    )


def atom(language: str, declared: str) -> str:
    """An Atom document."""
    title, text, author, category = map(escape, WORDS[language])
    return (
        f'<?xml version="1.0"{declared}?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}">'
        f"<title>{title}</title><id>urn:1</id><entry><id>urn:2</id><title>{title}</title>"
        f"<link href='https://example.org/1'/><summary type='html'>&lt;p&gt;{text}&lt;/p&gt;</summary>"
        f"<author><name>{author}</name></author><category term='{category}'/></entry></feed>"
    )


def check(answer: dict[str, Any], language: str) -> None:
    """Every text of the document is what was written."""
    title, text, author, category = WORDS[language]
    (entry,) = answer["entries"]
    assert (answer["parser"], answer["warnings"], answer["info"]["title"]) == ("fast", [], title)
    assert (entry["title"], entry["summary"]) == (title, f"<p>{text}</p>")
    assert (entry["authors"], entry["categories"]) == ([author], [category])
    assert (answer["info"]["language"], entry["link"]) == (language, "https://example.org/1")


@pytest.mark.parametrize("form", [rss, atom])
@pytest.mark.parametrize(("charset", "language"), CHARSETS)
def test_declared_in_the_document(charset: str, language: str, form: Any) -> None:
    """The XML declaration says what the document is written in, and so does, at times, the server."""
    body = form(language, f' encoding="{charset}"').encode(charset)
    check(parse_document(body, "application/xml", URL), language)
    check(parse_document(body, f"application/xml; charset={charset}", URL), language)


@pytest.mark.parametrize(("charset", "language"), CHARSETS)
def test_declared_by_the_server(charset: str, language: str) -> None:
    """The server alone says it."""
    check(parse_document(rss(language, "").encode(charset), f"text/xml; charset={charset}", URL), language)


@pytest.mark.parametrize(
    ("charset", "language"),
    [
        ("windows-1256", "ar"),
        ("windows-1256", "fa"),
        ("windows-1255", "he"),
        ("gb2312", "zh"),
        ("euc-jp", "ja"),
        ("euc-kr", "ko"),
        ("windows-1251", "ru"),
        ("utf-8", "fa"),
    ],
)
def test_declared_by_nobody(charset: str, language: str) -> None:
    """Without any declaration the language that the document names tells which set was usual."""
    check(parse_document(rss(language, "").encode(charset), "text/xml", URL), language)


@pytest.mark.parametrize("language", WORDS)
def test_declared_wrongly(language: str) -> None:
    """UTF-8 that calls itself Latin-1 is UTF-8, and the warning says so."""
    answer = parse_document(rss(language, ' encoding="iso-8859-1"').encode(), "", URL)
    assert "written in utf-8" in answer["warnings"].pop()
    check(answer, language)
