"""One private network, one authority and one set of doubles for all tests here that need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.doubles import HOSTS, Doubles
from tests.support.privatenet import Authority, PrivateNet, why_not

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateNet]:
    """The network; skips loudly where there can be none."""
    if reason := why_not():
        pytest.skip(f"NOT TESTED against services under their real names: {reason}")
    with PrivateNet(tmp_path_factory.mktemp("net"), HOSTS) as net:
        yield net


@pytest.fixture(scope="session")
def authority(net: PrivateNet, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whose certificates the doubles show."""
    return Authority(tmp_path_factory.mktemp("authority"), HOSTS)


@pytest.fixture
def doubles(net: PrivateNet, authority: Authority) -> Iterator[Doubles]:
    """The services; afterwards no name but theirs was asked for."""
    with Doubles(net, authority) as doubles:
        yield doubles
    assert net.strangers() == []


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the database lies that a silent first poll leaves; made by the first test that needs it."""
    return tmp_path_factory.mktemp("known") / "t.db"
