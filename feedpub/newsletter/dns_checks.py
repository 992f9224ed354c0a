"""Check the DNS records that receivers look at: SPF, DKIM, DMARC, MX and PTR.

Each check returns a `Finding`, or several, with advice. `feedpub.newsletter.doctor` runs them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from feedpub.delivery.dns import Resolver

OK, WARN, FAIL, UNKNOWN = "good", "poor", "bad", "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    FAIL stops mail from arriving or from being sent; WARN does so for some recipients, or may;
    UNKNOWN could not be checked.
    """

    about: str  # "SPF", "disk", ...
    state: str  # OK, WARN, FAIL or UNKNOWN
    told: str  # the observation
    advice: str = ""  # what to do; "" if OK


def ok(about: str, told: str) -> Finding:
    """Return a finding of a check that passed."""
    return Finding(about, OK, told)


def warn(about: str, told: str, advice: str) -> Finding:
    """Return a finding of something to improve."""
    return Finding(about, WARN, told, advice)


def fail(about: str, told: str, advice: str) -> Finding:
    """Return a finding of something that must be fixed."""
    return Finding(about, FAIL, told, advice)


def unknown(about: str, told: str, advice: str) -> Finding:
    """Return a finding of something that could not be checked."""
    return Finding(about, UNKNOWN, told, advice)


_MOST_LOOKUPS = 10  # RFC 7208 section 4.6.4
_TERM = re.compile(r"(?P<sign>[+~?-]?)(?P<name>[a-z][a-z0-9]*)(?:[:=](?P<target>[^/]*))?")
_LOOKUP_TERMS = frozenset(("a", "mx", "ptr", "exists", "include", "redirect"))
_NESTED_TERMS = frozenset(("include", "redirect"))
_POLICIES = ("none", "quarantine", "reject")
_SPF = "SPF"
_LEAST_LABELS = 2  # in a domain that can be registered


def check_spf(resolver: Resolver, domain: str) -> Finding:
    """Check the SPF record (RFC 7208) of the return path's domain. Raises MailError."""
    found = _spf(resolver, domain)
    if not found:
        return fail(
            _SPF,
            f"{domain} has no SPF record",
            f"publish a TXT record at {domain} as your mail provider specifies, or "
            '"v=spf1 mx -all" if its incoming mail server also sends its mail',
        )
    if len(found) > 1:
        return fail(
            _SPF,
            f"{domain} has {len(found)} SPF records, so none is valid",
            "merge them into one record: everything between v=spf1 and the last `all`",
        )
    fault = _find_spf_error(resolver, found[0])
    if fault:
        return fail(_SPF, f"{domain}: {fault}", "fix the record; until then it is ignored")
    return _check_all_term(domain, found[0])


def _check_all_term(domain: str, record: str) -> Finding:
    """Check what a record says about all other hosts."""
    terms = {term["name"]: term["sign"] for term in _terms(record)}
    sign = terms.get("all", "" if "redirect" in terms else "?")
    if "all" in terms and sign in ("", "+"):
        return fail(
            _SPF,
            f'{domain} allows any host to send for it: "{record}"',
            'end the record with "~all" or "-all"',
        )
    if sign == "?":
        return warn(
            _SPF,
            f'{domain} does not restrict other senders: "{record}"',
            'end the record with "~all" or "-all"',
        )
    return ok(_SPF, f'{domain}: "{record}"')


def _spf(resolver: Resolver, domain: str) -> list[str]:
    found = (each.strip() for each in resolver.resolve_txt(domain))
    return [each for each in found if each.lower().partition(" ")[0] == "v=spf1"]


def _terms(record: str) -> Iterator[re.Match[str]]:
    words = record.lower().split()[1:]
    return (term for word in words if (term := _TERM.match(word)))


def _find_spf_error(resolver: Resolver, record: str) -> str:
    """Return why receivers cannot evaluate a record, "" if they can."""
    waiting, lookups = [record], 0
    while waiting:
        for term in _terms(waiting.pop()):
            lookups += term["name"] in _LOOKUP_TERMS
            if lookups > _MOST_LOOKUPS:
                return f"its SPF record needs more than {_MOST_LOOKUPS} DNS lookups"
            target = term["target"] or ""
            # A target with a macro depends on the message, so it cannot be checked here.
            if term["name"] in _NESTED_TERMS and "%" not in target:
                found = _spf(resolver, target)
                if len(found) != 1:
                    return f'its SPF record names "{target}", which has no valid one'
                waiting += found
    return ""


def check_dkim(resolver: Resolver, name: str, record: str) -> Finding:
    """Check that the public key in the DNS belongs to the signing key (RFC 6376). Raises MailError.

    Args:
        resolver: Resolves DNS names.
        name: Name of the record, `DkimSigner.dns_name`.
        record: Expected content, `DkimSigner.dns_record`.
    """
    advice = f'publish this TXT record at {name}: "{record}"'
    found = [_tags(each) for each in resolver.resolve_txt(name)]
    if not found:
        return fail("DKIM", f"{name} has no key: our signatures cannot be verified", advice)
    wanted = _tags(record)
    tags = found[0]
    if len(found) > 1:
        return fail("DKIM", f"{name} has {len(found)} records: receivers may use any", advice)
    if tags.get("p") != wanted["p"] or tags.get("k", "rsa") != wanted["k"]:
        return fail("DKIM", f"{name} has a different key than the one that signs here", advice)
    if "y" in tags.get("t", "").split(":"):
        return warn(
            "DKIM",
            f"{name} marks the key as a test (t=y)",
            "remove t=y from the record once messages arrive",
        )
    return ok("DKIM", f"{name} has the key that signs here")


def _tags(record: str) -> dict[str, str]:
    """Parse a tag list such as `v=DKIM1; k=rsa; p=…`; white space in values is ignored."""
    pairs = ("".join(each.split()).partition("=") for each in record.split(";"))
    return {name.lower(): value for name, _, value in pairs if name}


def check_dmarc(resolver: Resolver, domain: str) -> Finding:
    """Check the DMARC policy (RFC 7489) of the domain in From. Raises MailError."""
    labels = domain.split(".")
    for start in range(max(len(labels) - _LEAST_LABELS, 0) + 1):
        name = f"_dmarc.{'.'.join(labels[start:])}"
        found = [_tags(each) for each in resolver.resolve_txt(name)]
        found = [tags for tags in found if tags.get("v") == "DMARC1"]
        if len(found) > 1:
            return fail("DMARC", f"{name} has {len(found)} records", "keep only one of them")
        if found:
            return _policy(name, found[0])
    return fail(
        "DMARC",
        f"{domain} has no policy; Gmail and Yahoo require one of bulk senders",
        f'publish a TXT record at _dmarc.{domain}: "v=DMARC1; p=none" to begin with',
    )


def _policy(name: str, tags: dict[str, str]) -> Finding:
    policy = tags.get("p", "").lower()
    if policy in _POLICIES:
        return ok("DMARC", f"{name}: p={policy}")
    return fail("DMARC", f'{name}: unknown policy "{policy}"', "use p=none, quarantine or reject")


def check_alignment(sender: str, path: str, signers: Sequence[str]) -> Finding:
    """Check that the From domain aligns with DKIM or SPF (RFC 7489 section 3.1)."""
    if any(_is_aligned(sender, each) for each in signers):
        return ok("alignment", f"{sender} signs its own mail")
    advice = f"add a key for {sender} to mail.dkim, unless your mail server signs for it"
    if not _is_aligned(sender, path):
        told = f"mail is from {sender}, but bounces go to {path}: it cannot be told from a forgery"
        return fail("alignment", told, advice)
    return warn("alignment", "no signature: forwarded mail cannot be told from a forgery", advice)


def _is_aligned(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def check_mx(resolver: Resolver, domain: str, what: str) -> Finding:
    """Check that a domain accepts mail. Raises MailError.

    Args:
        resolver: Resolves DNS names.
        domain: Domain of an address.
        what: What arrives at that address, for the message.
    """
    hosts = resolver.resolve_mx(domain)
    if any(hosts):
        return ok("MX", f"{domain}: {', '.join(hosts)}")
    if not hosts and resolver.resolve_addresses(domain):
        return warn(
            "MX",
            f"{domain} has no MX record, only an address, which some treat as an error",
            f"publish an MX record at {domain} that names its incoming mail server",
        )
    return fail(
        "MX",
        f"{domain} accepts no mail: {what} cannot arrive, and many reject mail from it",
        f"publish an MX record at {domain}, or use another domain",
    )


def check_ptr(resolver: Resolver, host: str) -> list[Finding]:
    """Check that the reverse DNS of a sending host points back to it. Raises MailError.

    Private addresses are skipped.
    """
    found = resolver.resolve_addresses(host)
    if not found:
        return [fail("PTR", f"{host} has no address", "check its name for typos")]
    return [_pointer(resolver, host, each) for each in found if ip_address(each).is_global]


def _pointer(resolver: Resolver, host: str, address: str) -> Finding:
    names = resolver.resolve_ptr(address)
    advice = f"ask the provider of the address to set its reverse DNS to {host}"
    if not names:
        return fail("PTR", f"{address} ({host}) has no name: Gmail and others reject it", advice)
    if any(address in resolver.resolve_addresses(each) for each in names):
        return ok("PTR", f"{address} is {names[0]}, and vice versa")
    return fail("PTR", f"reverse DNS of {address} is {names[0]}, which has another address", advice)
