"""Diagnose deliverability: configuration, database, SMTP login, DNS, clock and disk.

`run_checks` is the entry point, called by `feedpub doctor`.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from feedpub.app import BuildRequest, NewsletterContext, open_newsletter
from feedpub.delivery import dns, headers
from feedpub.delivery.dkim import DkimSigner
from feedpub.delivery.dns import DnsResolver, Resolver
from feedpub.delivery.relays import build_transport
from feedpub.delivery.render import load_signer
from feedpub.delivery.smtp import SmtpTransport
from feedpub.delivery.smtp_connection import SmtpRelay
from feedpub.errors import ConfigError, FeedpubError, MailError
from feedpub.models.newsletter import ACTIVE
from feedpub.newsletter import dns_checks
from feedpub.newsletter.dns_checks import Finding, fail, ok, unknown, warn
from feedpub.newsletter.queue_status import REFUSAL_WINDOW

Check = Callable[[], list[Finding]]

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_SLIGHT, _GROSS = timedelta(seconds=30), timedelta(minutes=5)  # clock error that warns, or fails
_CONNECTING, _ANSWERING, _RESOLVING = 10, 30, 4  # seconds; short, since a person waits
_LITTLE, _CRITICAL_SPACE = 1_000_000_000, 100_000_000  # octets free on the disk


@dataclass(frozen=True, slots=True)
class ExternalServices:
    """The services outside the process; tests substitute their own."""

    resolver: Resolver
    fetch_time: Callable[[], datetime]  # from a time server; raises MailError
    get_free_space: Callable[[Path], int]  # octets free on the disk of a folder


def build_services() -> ExternalServices:
    """Return the real services: the system's resolver, an SNTP server and the disk."""
    resolver = DnsResolver(timeout=_RESOLVING)
    return ExternalServices(
        resolver, dns.query_sntp_time, lambda folder: shutil.disk_usage(folder).free
    )


def run_checks(request: BuildRequest, world: ExternalServices | None = None) -> tuple[Finding, ...]:
    """Check everything a newsletter needs, with advice for each finding.

    Nothing is sent. Mail servers, the DNS and a time server are queried; one that does not respond
    is reported as a finding.
    """
    outside = world or build_services()
    findings = [_clock(request, outside)]
    try:
        with open_newsletter(request) as newsletter:
            findings += _Doctor(request, newsletter, outside).run()
    except ConfigError as error:
        advice = "fix this setting; `feedpub config` prints every key with its meaning"
        findings += [fail("config", str(each), advice) for each in error.problems]
    except FeedpubError as error:
        findings.append(fail("config", str(error), "nothing can be sent until this is fixed"))
    return (*findings, _disk(request, outside))


class _Doctor:
    """One run of all checks."""

    def __init__(
        self, request: BuildRequest, newsletter: NewsletterContext, world: ExternalServices
    ) -> None:
        self._path = request.config_path
        self._newsletter = newsletter
        self._mail = newsletter.config.mail
        self._resolver = world.resolver
        self._progress = request.progress
        self._now = request.now

    def run(self) -> Iterator[Finding]:
        """Yield the findings in the order in which to fix them."""
        yield from self._config()
        yield self._database()
        yield from self._refusals()
        signers: list[DkimSigner] = []
        for each in self._mail.dkim:
            try:
                signers.append(load_signer(self._newsletter, each))
            except FeedpubError as error:
                yield fail("DKIM key", str(error), "nothing can be sent until this is fixed")
        transport = build_transport(self._newsletter)
        if not isinstance(transport, SmtpTransport):
            yield warn(
                "transport",
                f"no mail is sent: messages are written to {self._mail.folder}/",
                "set mail.transport to smtp and add a server to mail.relays; `feedpub doctor` then "
                "checks that server and the DNS too",
            )
            return
        for relay in transport.relays:
            self._progress(f"connecting to {relay.name}", 0, 0)
            yield _check_login(transport, relay)
        try:
            sender = self._newsletter.get_sender().email
        except FeedpubError as error:
            yield fail("sender", str(error), "nothing can be sent until this is fixed")
            return
        self._progress("querying the DNS", 0, 0)
        for look in self._build_dns_checks(_domain(sender), signers):
            yield from _run_check(look)

    def _config(self) -> Iterator[Finding]:
        """Check for settings that are valid but unwise."""
        site, mail = self._newsletter.config.site, self._mail
        yield ok("config", f"{self._path} is valid")
        if not self._newsletter.config.digests:
            yield warn("config", "no digests are configured", "add one under digests:")
        if not site.url.startswith("https:"):
            yield warn(
                "config",
                f"{site.url} is not encrypted: mail clients show no unsubscribe button",
                "set up TLS for the site, and use https: in site.url",
            )
        if not mail.address:
            yield warn(
                "config",
                "messages carry no postal address, which many jurisdictions require",
                "set mail.address",
            )
        if not mail.bounces:
            yield warn(
                "config",
                "bounces go to the sender address, and nothing processes them",
                "set mail.bounces to an address, and mail.mailbox to its mailbox: "
                "`feedpub run` reads it, or `feedpub bounces` called by cron",
            )

    def _database(self) -> Finding:
        if self._newsletter.outdated_reason:
            return fail(
                "database", self._newsletter.outdated_reason, "see `feedpub digest recover --help`"
            )
        counts = dict(self._newsletter.store.count_by_state())
        number = sum(counts.values())
        subscribers = f"{number:,} subscriber{'' if number == 1 else 's'}"
        return ok("database", f"{subscribers}, {counts[ACTIVE]:,} active")

    def _refusals(self) -> Iterator[Finding]:
        """Report the servers that recently refused the sender, with their texts."""
        for each in self._newsletter.store.list_refusals(self._now - REFUSAL_WINDOW):
            number = f"{each.number:,} time{'' if each.number == 1 else 's'}"
            yield warn(
                "refusals",
                f"{each.domain or 'a server'} rejected our mail {number}: {each.text}",
                "no recipient is at fault: follow this reply, and the findings on SPF, DKIM, DMARC "
                "and PTR below; block lists and limits have web pages to request removal",
            )

    def _build_dns_checks(self, sender: str, signers: Sequence[DkimSigner]) -> Iterator[Check]:
        """Yield the DNS checks as callables, so that each can fail on its own."""
        ask, mail = self._resolver, self._mail
        path = _domain(mail.bounces) if mail.bounces else sender
        yield lambda: [dns_checks.check_spf(ask, path)]
        for each in signers:
            yield partial(_dkim, ask, each)
        yield lambda: [dns_checks.check_dmarc(ask, sender)]
        names = [each.dns_name.partition("._domainkey.")[2].lower() for each in signers]
        yield lambda: [dns_checks.check_alignment(sender, path, names)]
        incoming = {sender: "a reply"}
        for address, what in (
            (mail.reply_to, "a reply"),
            (mail.bounces, "a bounce"),
            (mail.unsubscribe, "an unsubscribe request"),
        ):
            incoming.update({_domain(address): what} if address else {})
        for domain, what in incoming.items():
            yield partial(_mx, ask, domain, what)
        for host in self._find_sending_hosts(sender):
            yield partial(dns_checks.check_ptr, ask, host)

    def _find_sending_hosts(self, sender: str) -> Iterator[str]:
        """Yield the sending hosts; for a relay on this machine, the domain's first MX host."""
        for relay in self._mail.relays:
            if relay.host not in _LOOPBACK:
                yield relay.host
                continue
            try:
                yield from self._resolver.resolve_mx(sender)[:1]
            except MailError:
                continue  # already reported by the MX check


def _check_login(transport: SmtpTransport, relay: SmtpRelay) -> Finding:
    """Connect and log in to a relay, as a delivery does."""
    hasty = replace(relay, connect_timeout=_CONNECTING, timeout=_ANSWERING)
    try:
        transport.connect_to(hasty).close()
    except MailError as error:
        return fail("SMTP", str(error), f"fix that, or the entry for {relay.host} in mail.relays")
    if relay.security == "none" and relay.host not in _LOOPBACK:
        return warn(
            "SMTP",
            f"{relay.name} accepts our mail, but the connection is not encrypted",
            "set security to starttls or tls in mail.relays",
        )
    ways = {"starttls": "encrypted with STARTTLS", "tls": "encrypted with TLS"}
    user = ", and accepts our login" if relay.username else ""
    return ok("SMTP", f"{relay.name} responds, {ways.get(relay.security, 'unencrypted')}{user}")


def _dkim(resolver: Resolver, signer: DkimSigner) -> list[Finding]:
    return [dns_checks.check_dkim(resolver, signer.dns_name, signer.dns_record)]


def _mx(resolver: Resolver, domain: str, what: str) -> list[Finding]:
    return [dns_checks.check_mx(resolver, domain, what)]


def _run_check(look: Check) -> list[Finding]:
    """Run a DNS check; a failed query becomes a finding."""
    try:
        return look()
    except MailError as error:
        return [warn("DNS", str(error), "try again, and check this machine's resolver")]


def _domain(address: str) -> str:
    """Return the domain of an address in its ASCII form."""
    domain = address.rpartition("@")[2]
    return headers.to_ascii_domain(domain).lower() or domain


def _clock(request: BuildRequest, world: ExternalServices) -> Finding:
    """Check this machine's clock, which dates messages and decides when digests are due."""
    try:
        wrong = abs(world.fetch_time() - request.now)
    except MailError as error:
        advice = "nothing to do if NTP sets it"
        return unknown("clock", f"nothing to compare it with: {error}", advice)
    seconds = wrong.total_seconds()
    if wrong <= _SLIGHT:
        return ok("clock", "it is correct")
    told = f"it is off by {seconds:,.0f} seconds"
    advice = "set it with NTP: `timedatectl set-ntp true`"
    return fail("clock", told, advice) if wrong > _GROSS else warn("clock", told, advice)


def _disk(request: BuildRequest, world: ExternalServices) -> Finding:
    """Check the free space on the disk that holds the subscribers."""
    folder = request.config_path.parent
    try:
        left = world.get_free_space(folder)
    except OSError as error:
        return fail("disk", f"{folder}: {error.strerror}", "check that the folder exists")
    told = f"{left / 1e9:,.1f} GB free on the disk of {folder.resolve()}"
    advice = "free some space: on a full disk, sent messages cannot be recorded"
    if left < _CRITICAL_SPACE:
        return fail("disk", told, advice)
    return warn("disk", told, advice) if left < _LITTLE else ok("disk", told)
