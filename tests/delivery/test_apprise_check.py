"""What `check` says about Apprise URLs before anything is sent."""

from __future__ import annotations

import tomllib

import pytest

from monitor.delivery.channels import check_channel
from monitor.settings import ChannelConfig, Secret


def config(url: str, *, source: str = "config", password: Secret | None = None) -> ChannelConfig:
    """Build a channel."""
    return ChannelConfig("desk", url=Secret(url, source=source), password=password)


@pytest.mark.parametrize(
    ("url", "word", "hint"),
    [
        ("tgrm://123/456", "no service tgrm://", "tgram://"),
        ("mailt://host", "no service mailt://", "mailto://"),
        ("nonsense", "service://", ""),
        ("slack://a", "slack:// url lacks a part", "appriseit.com"),
    ],
)
def test_bad_urls_are_named_with_a_remedy(url: str, word: str, hint: str) -> None:
    """An unknown service has its nearest spelling, a bad URL the place that shows its form."""
    (problem,) = check_channel(config(url))
    assert word in problem.message
    assert hint in problem.hint
    assert problem.code == "channel-url"


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1/x",
        "mailto://user:pw@mail.example.org?to=desk@example.org",
        "tgram://123456789:abcdefg_hijklmnop/12315544/",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "ntfy://ntfy.example.org/alerts",
        "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    ],
)
def test_urls_with_one_target_pass(url: str) -> None:
    """One receiver, one channel: nothing to say."""
    assert check_channel(config(url)) == ()


@pytest.mark.parametrize(
    ("url", "count", "urls"),
    [
        (
            "mailto://mail.example.org?from=me@example.org&to=a@example.org,b@example.org",
            2,
            [
                "mailto://mail.example.org/a%40example.org?from=me@example.org",
                "mailto://mail.example.org/b%40example.org?from=me@example.org",
            ],
        ),
        (
            "mailto://mail.example.org?from=me@example.org&to=a@example.org&cc=c@example.org",
            2,
            [
                "mailto://mail.example.org/a%40example.org?from=me@example.org",
                "mailto://mail.example.org/c%40example.org?from=me@example.org",
            ],
        ),
        ("ntfy://h.example.org/a/b", 2, ["ntfy://h.example.org/a", "ntfy://h.example.org/b"]),
    ],
)
def test_many_targets_are_split_ready_to_paste(url: str, count: int, urls: list[str]) -> None:
    """A URL with several receivers is refused, with the channels to write instead."""
    (problem,) = check_channel(config(url))
    assert problem.code == "channel-targets"
    assert f"{count} receivers" in problem.message
    written = tomllib.loads(problem.hint)["channels"]
    assert [channel["url"] for channel in written.values()] == urls
    assert list(written) == [f"desk-{number}" for number in range(1, count + 1)]
    for single in urls:
        assert check_channel(config(single)) == ()


@pytest.mark.parametrize(
    "url",
    [
        "tgram://123456789:canary_hijklmnop/12315544/999/",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIcanarylazkcOXrIdevi7FQ/#general/#x",
        "mailto://user:canary@mail.example.org?to=a@example.org,b@example.org",
        "mailto://mail.example.org?from=me@example.org&to=a@example.org,b@example.org&+X-Key=canary",
        "matrixs://user:canary@host/#a/#b",
    ],
)
def test_a_split_never_shows_a_secret(url: str) -> None:
    """URLs with secrets move to variables; the secret is in neither message nor hint."""
    (problem,) = check_channel(config(url))
    assert "canary" not in problem.message + problem.hint
    written = tomllib.loads(problem.hint)["channels"]
    assert [channel["url"] for channel in written.values()] == [
        {"env": "TOCSIN_DESK_1"},
        {"env": "TOCSIN_DESK_2"},
    ]


def test_a_split_keeps_a_separate_password_separate() -> None:
    """The password's place is repeated, its value is not."""
    password = Secret("canary", source="file:desk.password")
    url = "mailto://user@mail.example.org?to=a@example.org,b@example.org"
    (problem,) = check_channel(config(url, password=password))
    written = tomllib.loads(problem.hint)["channels"]
    assert written["desk-1"] == {
        "url": "mailto://user@mail.example.org/a%40example.org",
        "password": {"file": "desk.password"},
    }
    assert "canary" not in problem.hint


def test_a_url_from_a_variable_is_not_written_out() -> None:
    """What was kept out of the file stays out of it."""
    (problem,) = check_channel(config("ntfy://h.example.org/a/b", source="env:PHONE"))
    assert tomllib.loads(problem.hint)["channels"]["desk-1"] == {"url": {"env": "TOCSIN_DESK_1"}}
