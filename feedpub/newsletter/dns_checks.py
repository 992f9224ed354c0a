"""What the DNS says of a sending domain → what receivers will think of its mail.

What was looked at → whether it is as it should be, and what to do.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from feedpub.delivery.dns import Resolver

OK, WARN, FAIL, UNKNOWN = "good", "poor", "bad", "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `bad` keeps mail from arriving, or from being sent at all; `poor` does so for some, or may; of
    what is `unknown` nobody could be asked.
    """

    about: str  # "SPF", "disk", ...
    state: str  # GOOD, POOR, BAD or UNKNOWN
    told: str  # what is the case
    advice: str = ""  # what to do; "" where it is good


def ok(about: str, told: str) -> Finding:
    """Tell of something that is as it should be."""
    return Finding(about, OK, told)


def warn(about: str, told: str, advice: str) -> Finding:
    """Tell of something that could be better."""
    return Finding(about, WARN, told, advice)


def fail(about: str, told: str, advice: str) -> Finding:
    """Tell of something that must be mended."""
    return Finding(about, FAIL, told, advice)


def unknown(about: str, told: str, advice: str) -> Finding:
    """Tell of something that could not be found out."""
    return Finding(about, UNKNOWN, told, advice)


_MOST_LOOKUPS = 10  # RFC 7208 section 4.6.4
_TERM = re.compile(r"(?P<sign>[+~?-]?)(?P<name>[a-z][a-z0-9]*)(?:[:=](?P<target>[^/]*))?")
_LOOKUP_TERMS = frozenset(("a", "mx", "ptr", "exists", "include", "redirect"))
_NESTED_TERMS = frozenset(("include", "redirect"))
_POLICIES = ("none", "quarantine", "reject")
_SPF = "SPF"
_LEAST_LABELS = 2  # of a domain that somebody can own


def check_spf(resolver: Resolver, domain: str) -> Finding:
    """Look at who may send for a domain (RFC 7208): the return path's. Raises MailError."""
    found = _spf(resolver, domain)
    if not found:
        return fail(
            _SPF,
            f"{domain} does not say who may send for it",
            f"publish a TXT record at {domain} as your mail server's provider tells you, or "
            '"v=spf1 mx -all" where the machine that takes its mail sends it too',
        )
    if len(found) > 1:
        return fail(
            _SPF,
            f"{domain} has {len(found)} SPF records, and so none that counts",
            "make one record of them: everything between v=spf1 and the last `all`",
        )
    fault = _find_spf_error(resolver, found[0])
    if fault:
        return fail(_SPF, f"{domain}: {fault}", "mend the record; until then it does not count")
    return _check_all_term(domain, found[0])


def _check_all_term(domain: str, record: str) -> Finding:
    """Look at what a record says of everybody else."""
    terms = {term["name"]: term["sign"] for term in _terms(record)}
    sign = terms.get("all", "" if "redirect" in terms else "?")
    if "all" in terms and sign in ("", "+"):
        return fail(
            _SPF,
            f'{domain} lets the whole world send for it: "{record}"',
            'end the record with "~all" or "-all"',
        )
    if sign == "?":
        return warn(
            _SPF,
            f'{domain} says nothing of others who send for it: "{record}"',
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
    """Tell why nobody can make use of a record, "" where they can."""
    waiting, lookups = [record], 0
    while waiting:
        for term in _terms(waiting.pop()):
            lookups += term["name"] in _LOOKUP_TERMS
            if lookups > _MOST_LOOKUPS:
                return f"its SPF record takes more than {_MOST_LOOKUPS} look-ups"
            target = term["target"] or ""
            if term["name"] in _NESTED_TERMS and "%" not in target:  # a macro is about one message
                found = _spf(resolver, target)
                if len(found) != 1:
                    return f'its SPF record names "{target}", which has none that counts'
                waiting += found
    return ""


def check_dkim(resolver: Resolver, name: str, record: str) -> Finding:
    """Look for the public half of our key where receivers do (RFC 6376). Raises MailError.

    Args:
        resolver: Whom to ask.
        name: Of the record, `Signer.name`.
        record: As it should be, `Signer.record`.
    """
    advice = f'publish this TXT record at {name}: "{record}"'
    found = [_tags(each) for each in resolver.resolve_txt(name)]
    if not found:
        return fail("DKIM", f"{name} has no key: no signature of ours counts", advice)
    wanted = _tags(record)
    tags = found[0]
    if len(found) > 1:
        return fail("DKIM", f"{name} has {len(found)} records: any of them may be taken", advice)
    if tags.get("p") != wanted["p"] or tags.get("k", "rsa") != wanted["k"]:
        return fail("DKIM", f"{name} has another key than the one that signs here", advice)
    if "y" in tags.get("t", "").split(":"):
        return warn(
            "DKIM",
            f"{name} says that the key is only being tried out",
            "take t=y out of the record once messages arrive",
        )
    return ok("DKIM", f"{name} has the key that signs here")


def _tags(record: str) -> dict[str, str]:
    """Read `v=DKIM1; k=rsa; p=…`; white space within counts for nothing."""
    pairs = ("".join(each.split()).partition("=") for each in record.split(";"))
    return {name.lower(): value for name, _, value in pairs if name}


def check_dmarc(resolver: Resolver, domain: str) -> Finding:
    """Look at what receivers are to do with forgeries (RFC 7489): the From's. Raises MailError."""
    labels = domain.split(".")
    for start in range(max(len(labels) - _LEAST_LABELS, 0) + 1):
        name = f"_dmarc.{'.'.join(labels[start:])}"
        found = [_tags(each) for each in resolver.resolve_txt(name)]
        found = [tags for tags in found if tags.get("v") == "DMARC1"]
        if len(found) > 1:
            return fail("DMARC", f"{name} has {len(found)} records", "leave one of them")
        if found:
            return _policy(name, found[0])
    return fail(
        "DMARC",
        f"{domain} has no policy; Gmail and Yahoo want one of whoever mails many",
        f'publish a TXT record at _dmarc.{domain}: "v=DMARC1; p=none" to begin with',
    )


def _policy(name: str, tags: dict[str, str]) -> Finding:
    policy = tags.get("p", "").lower()
    if policy in _POLICIES:
        return ok("DMARC", f"{name}: p={policy}")
    return fail("DMARC", f'{name}: "{policy}" is no policy', "write p=none, quarantine or reject")


def check_alignment(sender: str, path: str, signers: Sequence[str]) -> Finding:
    """Compare the domain of From with those that can vouch for it (RFC 7489 section 3.1)."""
    if any(_is_aligned(sender, each) for each in signers):
        return ok("alignment", f"{sender} signs what is from it")
    advice = f"name a key of {sender} in mail.dkim, unless your mail server signs for it"
    if not _is_aligned(sender, path):
        told = f"mail is from {sender}, and comes back to {path}: nobody can tell it from a forgery"
        return fail("alignment", told, advice)
    return warn(
        "alignment", "what is forwarded cannot be told from a forgery: no signature", advice
    )


def _is_aligned(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def check_mx(resolver: Resolver, domain: str, what: str) -> Finding:
    """Look for who takes a domain's mail. Raises MailError.

    Args:
        resolver: Whom to ask.
        domain: Of an address.
        what: What comes to that address.
    """
    hosts = resolver.resolve_mx(domain)
    if any(hosts):
        return ok("MX", f"{domain}: {', '.join(hosts)}")
    if not hosts and resolver.resolve_addresses(domain):
        return warn(
            "MX",
            f"{domain} has no MX record, only an address, which some take for a fault",
            f"publish an MX record at {domain} that names the host which takes its mail",
        )
    return fail(
        "MX",
        f"{domain} takes no mail: {what} cannot arrive, and many refuse mail from it",
        f"publish an MX record at {domain}, or use another domain",
    )


def check_ptr(resolver: Resolver, host: str) -> list[Finding]:
    """Look at what the addresses of a sending host are called, and back. Raises MailError.

    Addresses that nobody sees from outside are left out.
    """
    found = resolver.resolve_addresses(host)
    if not found:
        return [fail("PTR", f"{host} has no address", "look for a mistake in its name")]
    return [_pointer(resolver, host, each) for each in found if ip_address(each).is_global]


def _pointer(resolver: Resolver, host: str, address: str) -> Finding:
    names = resolver.resolve_ptr(address)
    advice = f"whoever lets you the address can set its reverse DNS, to {host}"
    if not names:
        return fail("PTR", f"{address} ({host}) has no name: Gmail and others refuse it", advice)
    if any(address in resolver.resolve_addresses(each) for each in names):
        return ok("PTR", f"{address} is {names[0]}, and back")
    return fail("PTR", f"{address} is called {names[0]}, which has another address", advice)
