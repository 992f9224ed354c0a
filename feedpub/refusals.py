"""What a server said when it refused a message → whether the address is gone for good.

It is careful: an address taken for gone is never mailed again, while one that is wrongly kept
costs one more bounce. So a refusal of the sender, of the content or for a policy never counts,
whatever code it came with.
"""

import re

_GONE = re.compile(r"5\.1\.(?:1|2|3|6|10)")
"""No such mailbox, no such host, no address, moved away, takes no mail (RFC 3463, RFC 7505)."""

_PERMANENT = 500  # the first reply code that says so (RFC 5321 section 4.2.1)
_REFUSED = frozenset((550, 551, 553, 554))
"""SMTP reply codes that may be about the recipient, told by their words alone (RFC 5321)."""

# What stands in an address or a URL says nothing: postmaster@spam.example is an address too.
_LONGEST = 2000  # characters that are looked at: a reply has 512 a line, and a few lines
_NAMES = re.compile(r"<[^<>\s]*>|[^\s<>]+@[^\s<>]+|\bhttps?:\S+", re.IGNORECASE)

_OURS = re.compile(
    r"\bsender\b|\bmail from\b|return[- ]path|\bspam|\bspf\b|\bdkim\b|\bdmarc\b|\bvirus"
    r"|black ?list|block ?list|\bblocked\b|\brbl\b|\bdnsbl\b|reputation|\bpolicy|unsolicited"
    r"|\brelay(?:ing)? (?:access )?(?:denied|not|prohibited)|\bto relay\b|authenticat"
    r"|gr[ea]ylist|\brate\b|too many|\bcontent\b|reverse dns|\bptr\b|\bh?elo\b|\bquota"
    r"|\bfull\b",
    re.IGNORECASE,
)
"""It was not the address: it was who sent, or what, or how much."""

_YOURS = re.compile(
    r"\byour (?:account|address|domain|e?-?mail|host|ip|mailbox|message|server)\b", re.IGNORECASE
)
"""It may have been who sent; but so does anybody talk who tells them that an address is gone."""

_SAID = re.compile(
    r"\b(?:user|recipient|account|mailbox|addressee|(?:e?-?mail|recipient) address)\b"
    r"[^.;:!]{0,40}?\b(?:unknown|not found|does ?n[o'’]t exist|not exist|no longer exists"
    r"|is invalid|could not be found|not known|does ?n[o'’]t have an?)\b"
    r"|\b(?:unknown|no such|invalid|non-?existent) (?:local )?"
    r"(?:user|recipient|mailbox|account|person|(?:e?-?mail|recipient) address)\b"
    r"|\bno mailbox (?:here )?(?:by|with) that name|\bno user here|\brecipientnotfound\b"
    r"|\b(?:account|mailbox)\b[^.;:!]{0,60}?\b(?:disabled|deactivated|closed|deleted|terminated)\b"
    r"|recipient address rejected: access denied\b.{0,4}as\(201806281\)",  # Exchange Online
    re.IGNORECASE,
)
"""The words of servers that give no code of their own for it, or one that means many things."""

_REPLY = re.compile(r"(?<![0-9.])([245][0-5][0-9])(?:[ -]+#?([245](?:\.[0-9]{1,3}){2}))?(?![\w.])")
_STATUS = re.compile(r"(?<![0-9.])([245](?:\.[0-9]{1,3}){2})(?![0-9]|\.[0-9])")


def is_gone(code: int, status: str, text: str) -> bool:
    """Tell whether a refusal means that the address takes no mail and never will.

    Args:
        code: The SMTP reply code, 0 where none is known.
        status: The enhanced status code (RFC 3463), "" where none is known.
        text: The server's words.
    """
    permanent = status.startswith("5") if status else code in _REFUSED
    words = _bare(text)
    if not permanent or 0 < code < _PERMANENT or _OURS.search(words):
        return False
    if _GONE.fullmatch(status):
        return True
    return bool(_SAID.search(words)) and not _YOURS.search(words)


def reply(text: str) -> tuple[int, str]:
    """Find the SMTP reply code and the enhanced status code in a text: 0 and "" where none.

    It is the first that is both, or else the first of either.
    """
    bare = _bare(text)
    replies = list(_REPLY.finditer(bare))
    whole = next((found for found in replies if found[2]), None)
    if whole is not None:
        return int(whole[1]), whole[2]
    status = _STATUS.search(bare)
    return int(replies[0][1]) if replies else 0, status[1] if status else ""


def _bare(text: str) -> str:
    return _NAMES.sub(" ", text[:_LONGEST])
