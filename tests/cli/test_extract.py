"""`tocsin extract` as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.cli.extract import _piece
from tests.support.cli import run
from tests.support.configs import write
from tests.support.webserver import WebServer, answer

PAGES = Path(__file__).parents[1] / "pages" / "html"


def config(folder: Path) -> Path:
    """A configuration that lets loopback be asked."""
    return write(folder, '[polling]\nallow_private = ["127.0.0.0/8"]\n')


def test_a_file_gives_the_contract_s_json() -> None:
    """Text, confirmed lines, facts, and what was cut and why."""
    outcome = run("extract", PAGES / "most_read_inside.html", "--json")
    assert outcome.code == 0, outcome.err
    [shape] = outcome.objects
    assert shape["title"] == "Les talibans reçus à Doha par une délégation européenne"
    assert shape["language"] == "fr"
    assert shape["published"] == "2026-11-24T19:40:00Z"
    assert shape["canonical"] is None
    assert "pneus hiver" in shape["text"]
    assert "pneus hiver" not in shape["confirmed"]
    assert "Doha" in shape["confirmed"]
    assert [one["why"] for one in shape["weak"] if "pneus" in one["text"]] == [
        "below the label “Les articles les plus lus”"
    ]
    assert all(set(one) == {"text", "why"} for one in shape["cut"])


def test_people_see_each_line_with_what_became_of_it(tmp_path: Path) -> None:
    """Without control characters."""
    page = tmp_path / "page.html"
    page.write_bytes(
        (PAGES / "english.html").read_bytes().replace(b"two diplomats", b"two \x9b\x1b[31mdiplomats")
    )
    outcome = run("extract", page)
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[0] == "Taliban envoys meet European delegation in Doha"
    assert lines[1] == "en, 2026-11-24T20:40:00Z, by Ann Lee"
    assert lines[2:4] == ["https://syndication.example/copy/1", ""]
    starts = {line.split()[0] for line in lines[4:]}
    assert starts == {"confirmed", "weak", "cut"}
    assert outcome.err.endswith(" cut\n")
    assert "\x1b" not in outcome.out
    assert "\x9b" not in outcome.out


def test_a_terminal_gets_whole_lines_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    """Reasons stand below their text; what was cut is only named."""
    text = "The envoys met in the old harbour hotel at noon, and again in the evening."
    _piece("weak", "yellow", text, "below the label “Most read”", 50)
    _piece("cut", "dim", text, "navigation", 50)
    assert capsys.readouterr().out.splitlines() == [
        "weak       The envoys met in the old harbour hotel",
        "           at noon, and again in the evening.",
        "           (below the label “Most read”)",
        "cut        The envoys met in the old harbour …",
        "           (navigation)",
    ]


def test_a_page_is_fetched(tmp_path: Path) -> None:
    """From its address, by the fetcher of feeds with its guard; addresses in it are read from there."""
    body = (
        (PAGES / "german.html").read_bytes().replace(b"<title>", b'<link rel="canonical" href="/a"><title>')
    )
    with WebServer() as web:
        web.on("/page", answer(200, body, Content_Type="text/html; charset=utf-8"))
        outcome = run("extract", web.url("/page"), "--json", "--config", config(tmp_path))
        assert outcome.code == 0, outcome.err
        assert outcome.objects[0]["canonical"] == web.url("/a")
    assert "Doha" in outcome.objects[0]["confirmed"]


def test_what_is_no_page_is_exit_1(tmp_path: Path) -> None:
    """What the server said, or what the thing is, is told."""
    with WebServer() as web:
        web.on("/gone", answer(404))
        web.on("/pdf", answer(200, b"%PDF-1.7", Content_Type="application/pdf"))
        gone = run("extract", web.url("/gone"), "--config", config(tmp_path))
        pdf = run("extract", web.url("/pdf"), "--config", config(tmp_path))
    assert (gone.code, gone.out) == (1, "")
    assert "404" in gone.err
    assert (pdf.code, pdf.out) == (1, "")
    assert "this is no web page but application/pdf" in pdf.err


def test_a_page_without_an_article_says_so(tmp_path: Path) -> None:
    """That is an answer, not a failure."""
    page = tmp_path / "page.html"
    page.write_text("<html><head><title>Empty</title></head><body></body></html>", encoding="utf-8")
    outcome = run("extract", page, "--json")
    assert outcome.code == 0
    assert outcome.objects[0]["text"] == ""
    assert "no article was found" in outcome.err


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("www.post.example/talks", "https://www.post.example/talks"),
        ("nothing", "https://"),
        ("missing.html", "there is no file of this name"),
    ],
)
def test_what_is_neither_is_exit_2(target: str, hint: str) -> None:
    """With what to type instead."""
    outcome = run("extract", target)
    assert outcome.code == 2
    assert hint in outcome.err


def test_a_giant_file_is_not_read(tmp_path: Path) -> None:
    """It is larger than any page."""
    page = tmp_path / "page.html"
    with page.open("wb") as file:
        file.truncate(5_000_001)
    outcome = run("extract", page)
    assert outcome.code == 1
    assert "5 MB" in outcome.err


def test_a_text_goes_through_the_furniture_guard(tmp_path: Path) -> None:
    """Its first line is the title."""
    text = tmp_path / "a.txt"
    text.write_text("\nTalks\nThey met in Doha.\nRead more\nRain again\n", encoding="utf-8")
    [shape] = run("extract", text, "--json").objects
    assert (shape["title"], shape["text"], shape["confirmed"]) == (
        "Talks",
        "They met in Doha.\nRain again",
        "They met in Doha.",
    )
    assert [one["text"] for one in shape["cut"]] == ["Read more"]
    text.write_bytes(b"caf\xe9")
    assert run("extract", text).code == 2


def test_a_page_that_says_little_is_a_teaser(tmp_path: Path) -> None:
    """That is said, and is no failure."""
    page = tmp_path / "a.html"
    page.write_text("<title>News</title><p>They met in Doha.</p>")
    outcome = run("extract", page)
    assert outcome.code == 0
    assert "teaser only: the page gave 17 characters of text" in outcome.err
