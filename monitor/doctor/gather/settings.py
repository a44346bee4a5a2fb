"""What `tocsin check` says of the configuration, and whether the credentials of channels can be right."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.delivery.channels import check_channel
from monitor.doctor.channels import ChannelFacts, judge_channels
from monitor.doctor.findings import Level, counted, found, well
from monitor.doctor.gather.paths import is_dir, nearest, text_of
from monitor.doctor.gather.service import after_an_edit, is_given, unit_of
from monitor.doctor.gather.stored import reading
from monitor.doctor.service import readable_credentials
from monitor.settings import Secret
from monitor.store import sql
from monitor.store.rows import ChannelState, read_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.doctor.findings import Finding
    from monitor.doctor.site import Site
    from monitor.model import Finding as Said
    from monitor.settings import ChannelConfig

SHOWN = 5  # errors of a configuration; `check` shows all
_OWN = frozenset({"readable_secret", "readable_database", "writable_folder"})  # told under their own names


def configuration(site: Site) -> list[Finding]:
    """All that `check` says, but for channels and secrets, which are looked at by themselves."""
    config = site.config
    if config is None:
        code, message, hint = site.no_config
        return [found(code, message, remedy=hint)]
    findings = list(_of(site.said()))
    if not config.contact:
        what = "servers are not told whom to write to if something about the requests bothers them"
        remedy = f'write contact = "you@example.org" under [monitor]{after_an_edit(site)}'
        findings.append(found("no_contact", what, where=config.path, remedy=remedy))
    if not any(f.group == "configuration" and f.level >= Level.WARNING for f in findings):
        parts = ((len(config.feeds), "feed"), (len(config.rules), "rule"), (len(config.channels), "channel"))
        said = ", ".join(counted(number, word) for number, word in parts)
        findings.insert(0, well("configuration", f"lawful: {said}", config.path))
    return findings


def channels(site: Site) -> list[Finding]:
    """Each channel's address and credential, without asking anybody."""
    config = site.config
    if config is None:
        return []
    states: dict[str, ChannelState] = {}
    with reading(site) as reader:
        if reader is not None:
            states = {one.name: one for one in read_all(ChannelState, reader.rows(sql.CHANNELS))}
    facts = [_channel(channel, states.get(channel.name), site) for channel in config.channels]
    return judge_channels(facts, site.now)


def _of(said: Iterable[Said]) -> Iterable[Finding]:
    errors = 0
    for one in said:
        if one.code.startswith("channel-") or (
            one.code == "missing_secret"
            and (" in [channels." in one.message or " in [[feeds]]" in one.message)
        ):
            continue
        where = f"{one.file}:{one.line}"
        hint = one.hint if one.hint and "\n" not in one.hint else ""
        if one.code in _OWN:
            yield found(one.code, one.message, where=where, remedy=hint or "see how: tocsin check")
        elif one.level == "error":
            errors += 1
            if errors <= SHOWN:
                remedy = hint or "mend it, then: tocsin check"
                yield found("configuration_refused", one.message, where=where, remedy=remedy)
        else:
            code = "configuration_advice" if one.code in ("query", "rule") else "configuration_warning"
            yield found(code, one.message, where=where, remedy=hint or "see more: tocsin check")
    if errors > SHOWN:
        more = counted(errors - SHOWN, "more error")
        yield found("configuration_refused", f"and {more}", remedy="see all of them: tocsin check")


def _channel(channel: ChannelConfig, state: ChannelState | None, site: Site) -> ChannelFacts:
    given = _from_unit(channel, site)
    secrets = [secret for secret in (channel.url, channel.password, channel.secret) if secret is not None]
    missing = next((secret for secret in secrets if secret.missing), None)
    if missing is not None and missing is channel.url and isinstance(given, Secret):
        channel, missing = replace(channel, url=given), None
    usable = missing is None
    problems = [p for p in check_channel(channel) if p.level == "error"] if usable else []
    refuses = (
        state is not None
        and state.last_error_at
        and not (state.last_ok_at and state.last_ok_at >= state.last_error_at)
    )
    return ChannelFacts(
        channel.name,
        kind=channel.type,
        url=channel.url.reveal() if usable and channel.url is not None else None,
        source=missing.source if missing else "config",
        missing=missing.missing.partition(";")[0] if missing else "",
        problems=[(p.code, p.message, p.hint) for p in problems],
        folder_problem=_folder_problem(channel),
        failed_at=state.last_error_at if state is not None and refuses else None,
        error=state.last_error if state is not None else "",
        paused_until=state.paused_until if state is not None else None,
        given_by_unit=given is not None,
    )


def _from_unit(channel: ChannelConfig, site: Site) -> Secret | bool | None:
    """Whether the unit gives what is missing here: the secret itself where we may read it, else True."""
    missing = next(
        (s for s in (channel.url, channel.password, channel.secret) if s is not None and s.missing), None
    )
    if missing is None:
        return None
    if not is_given(missing.source, site):
        return None
    kind, _, name = missing.source.partition(":")
    if kind == "env":
        return True
    source = readable_credentials(unit_of(site).settings).get(name)
    text = text_of(site.at(source)).strip() if source else ""
    return Secret(text, source=missing.source) if text else True


def _folder_problem(channel: ChannelConfig) -> str:
    """Why a file channel could not write; "" where it could."""
    if channel.type != "file" or channel.path is None:
        return ""
    if is_dir(channel.path):
        return f"{channel.path} is a folder"
    target = nearest(channel.path.absolute())
    return "" if os.access(target, os.W_OK) else f"{target} cannot be written"
