"""Classify refusals by SMTP servers: invalid address, full mailbox, or a problem with the sender.

`classify` weighs the SMTP reply code, the enhanced status code (RFC 3463, RFC 5248) and the
server's text. It is conservative: a valid address classified as invalid is never mailed again,
while an invalid one kept costs one more bounce. So the text can clear an address whatever the codes
say, and a refusal of the sender, the content or for policy never counts against it.
"""

import re
from enum import Enum

MAX_TEXT_LENGTH = 2000
"""Characters of a text that are examined; a reply has up to 512 per line and few lines."""


class Refusal(Enum):
    """The subject of a refusal."""

    INVALID = "invalid address"  # gone for good, or never existed
    MAILBOX = "mailbox unavailable"  # full, disabled or locked: it may recover
    POLICY = "policy"  # about us: reputation, authentication, content, size, sender address
    RATE = "rate limit"  # about us: too much at once, or our quota at the relay
    TECHNICAL = "technical"  # a network or server failure
    UNCLASSIFIED = "unclassified"  # the server did not say

    @property
    def is_hard(self) -> bool:
        """Whether the address must not be mailed again."""
        return self is Refusal.INVALID

    @property
    def is_about_sender(self) -> bool:
        """Whether it is about us and so must never count against the subscriber."""
        return self in (Refusal.POLICY, Refusal.RATE)

    @property
    def is_soft(self) -> bool:
        """Whether it counts against the subscriber when repeated."""
        return not self.is_hard and not self.is_about_sender


_I = re.IGNORECASE
_PERMANENT = 500  # the lowest permanent reply code (RFC 5321 section 4.2.1)
_REFUSED = frozenset((550, 551, 553, 554))
"""Reply codes (RFC 5321) that may be about the recipient; only the text decides."""
_ACCEPTS_NO_MAIL = frozenset(((521, "5.3.2"), (556, ""), (556, "5.1.10")))
"""The host or domain accepts no mail (RFC 7504)."""
_BEFORE_RECIPIENT = frozenset(("CONNECT", "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL"))

# Enhanced status codes by subject, without the leading class digit.
_INVALID_STATUS = re.compile(r"1\.(?:1|2|3|6|10)|4\.4")
"""Bad mailbox, bad host, bad syntax, mailbox moved, null MX, unable to route."""
_MAILBOX_STATUS = re.compile(r"2\.[0-2]|7\.1[378]")
_RATE_STATUS = re.compile(r"1\.90|4\.5|5\.3|7\.28")
_POLICY_STATUS = re.compile(r"1\.[78]|2\.3|3\.4|6\.\d+|7\.(?!1[378]$)\d+")
_TECHNICAL_STATUS = re.compile(r"3\.\d+|4\.\d+")

# Words inside addresses and URLs mean nothing, as in postmaster@spam.example.
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>]{1,500}", _I)
_NAMES = re.compile(
    r"<[^<>\s]{0,500}>|\b(?:https?:|www\.)\S{1,500}|(?<![^\s<>])[^\s<>@]{1,320}@[^\s<>]{1,320}", _I
)
_APART = r"\s<>()\[\]\"':;,"  # separates an address from the text around it
_ADDRESS = re.compile(rf"<?(?<![^{_APART}])[^{_APART}@]{{1,320}}@[^{_APART}]{{1,320}}>?")
_BLOCK_LIST = re.compile(
    r"spamhaus|spamcop|sorbs|barracuda|uceprotect|abusix|senderscore|surbl|invaluement|proofpoint"
    r"|(?:black|block|deny)_?-?list|blocked|unblock|delist|dnsbl|\brbl|rbl\b|/bl\b|reputation"
    r"|\bspam|\bspf\b|\bdkim\b|\bdmarc\b|rlbounce",
    _I,
)
"""URLs of sender block lists, for replies whose text says nothing else."""

_ABOUT_RATE = re.compile(
    r"\btoo (?:many(?! hops)|much|fast|quick)|\bthrottl|\brate(?:[- ]?limit|d? exceed| limit)"
    r"|\bexceed\w* (?:the |your |its |our )?(?:\w+ ){0,3}(?:rate|sending|connections?|recipients)"
    r"|\b(?:daily|hourly|sending|message|outgoing|user sending) (?:\w+ ){0,2}(?:quota|limit|rate)"
    r"|\b(?:quota|limit) (?:\w+ ){0,3}(?:sending|messages?|per (?:day|hour|minute))"
    r"|\bfrequency (?:is )?limit|\bunexpected volume|\bslow(?:ing)? down|\bunusual rate"
    r"|\breduce (?:\w+ ){0,2}(?:rate|volume)|\bconcurren\w+ connection|\bconnection limit"
    r"|\bmaximum (?:\w+ ){0,2}(?:connections|sessions|rate)|\btry again (?:\w+ ){0,3}slower",
    _I,
)
_ABOUT_POLICY = re.compile(
    r"\bsender\b|\bsending (?:domain|server|host|ip|mta|address)\b|\bmail from\b"
    r"|\bfrom:? (?:address|domain|header|field)|return[- ]path|\breverse[- ]path"
    r"|\bspam|\bu[bc]e\b|unsolicited|\bjunk\b|\bbulk\b|phish|\bvirus|\bmalware|\binfected"
    r"|\bspf\b|\bsender policy|\bdkim\b|\bdmarc\b|\barc\b|authenticat|\bsigned\b|\bsignature"
    r"|\bunauthenticated|\b(?:black|block|deny|grey|gray)[- ]?list|\bblocked\b|\bbanned\b"
    r"|\brbl\b|\bdnsbl\b|\bspamhaus|\bbarracuda|\bsorbs\b|reputation|\bcomplaints?\b|\bpolicy"
    r"|\bpolicies|\bprohibited|\bnot (?:permitted|allowed|authorized|authorised)\b"
    r"|\bpermission to (?:send|post|relay)|\brelaying\b"
    r"|\brelay (?:access|denied|not|prohibited|mail)|\bto relay\b|\bgateway user|\breverse dns"
    r"|\brdns\b|\bptr\b|\bh?elo (?:command|name|string|hostname|argument|rejected)"
    r"|\b(?:invalid|bad|bogus) h?elo"
    r"|\b(?:your|sending|client|this|source|connecting|server|the) (?:\w+ )?ip address"
    r"|\bip address(?:es)? (?:is|was|has|are|not|black|block)|\binvalid ip\b|\bclient ip"
    r"|\bclient host|\bopen proxy|\bdynamic(?:ally)?\b"
    r"|\bcontent\b|\battachments? (?:is|are|was|type|not|too|with)|\b\w+ed attachment"
    r"|\bheaders? (?:error|is|are|too|missing|invalid|check)"
    r"|\b(?:invalid|bad|missing|malformed|in message) headers?\b|\bmessage[- ]id|\bdate:"
    r"|\b8-bit\b|\bmultiple addresses"
    r"|\b(?:message|size|length)\b(?![^.;:!]{0,30}\bqueue)[^.;:!]{0,30}"
    r"\b(?:too (?:big|large|long)|exceed\w*)"
    r"|\btoo (?:big|large)\b|\btls (?:is )?(?:required|needed)|\bstarttls|\bmust issue"
    r"|\bencryption (?:\w+ )?(?:required|needed)|\bnot a member\b|\bmoderat|\bsubscribe(?:rs)? only"
    r"|\brecipient preferences?|\buser preferences?|\bisp\b|\bsuspicious|\bfraud|\bharvest"
    r"|\bpregreet|\bprotocol violation|\berror codes section|\baup#|\bchallenge|\bcaptcha"
    r"|\bsuppress(?:ed|ion)|\bsent to/from"
    # Other languages, used besides or instead of English.
    r"|\babsender|\bexp[ée]diteur|\bremitente|\bmittente|\bremetente|\bafzender|отправител"
    r"|\bgesperrt\b|\brichtlinie|\bindésirable|\bcorreo no deseado|\bposta indesiderata"
    r"|спам|垃圾|发件人|寄件者|迷惑メール|送信者",
    _I,
)
"""Text about the sender, the content or the way of sending, not about the address."""

_YOURS = re.compile(r"\byour (?:account|address|domain|host|ip|mailbox|network|server|user)\b", _I)
"""May address the sender; but messages about an invalid address are worded this way too."""

_FULL = re.compile(
    r"\b(?:mail ?box|inbox|mail ?folder|mail ?dir|mail ?drop|folder|disk|storage|account|user"
    r"|recipient|spool)\b[^.;:!\n]{0,40}\b(?:full|over ?quota|out of (?:storage|space)|exceed\w*"
    r"|over (?:its|the) (?:\w+ )?(?:limit|quota))"
    r"|\bover[- ]?quota|\bquota\b|\bexceeded storage|\bout of (?:storage|space|quota)"
    r"|\b(?:mail ?box|inbox|folder) (?:size )?limit|\binsufficient (?:system |disk )?"
    r"(?:storage|space|resources)|\bno space\b|\bfull\b"
    r"|\bpostfach\b[^.;:!\n]{0,40}\bvoll|\bspeicherplatz|\bbo[iî]te (?:aux lettres )?pleine"
    r"|\bbuz[oó]n (?:est[aá] )?llen|\bcasilla llena|\bcasella (?:postale )?(?:[èe] )?piena"
    r"|\bcaixa (?:\w+ )?cheia|\bpostvak\w* (?:is )?vol|переполнен|空き容量|容量不足|已满|已滿",
    _I,
)
_DISABLED = re.compile(
    r"\b(?:account|mail ?box|user|recipient|address)\b[^.;:!\n]{0,40}\b(?:suspend\w*|inactive"
    r"|disabled|frozen|locked|on hold|temporar\w+|dormant|expired|not accept\w*|unavailable"
    r"|restricted)"
    r"|\b(?:suspended|inactive|disabled|locked|dormant) (?:account|mail ?box|user|recipient)"
    r"|\btemporarily (?:\w+ )?(?:unavailable|disabled)|\bnot accepting (?:mail|messages)",
    _I,
)
"""The mailbox exists but accepts nothing for now."""

_REJECTED = re.compile(r"\breject|\brefus|\brejet|\babgelehnt|\bnot accept", _I)
_ABOUT_NETWORK = re.compile(
    r"\btimed? ?out|\btimeout|\bexpired|\bloop|\btoo many hops|\bhop count|\bconnection (?:refused"
    r"|reset|lost|closed)|\bconnect(?:ion)? to\b|\blost connection|\bunreachable"
    r"|\bserver failure|\bservfail|\bdeferred|\bno route to host|\bnetwork is\b|\bretry time",
    _I,
)

_WHO = (
    r"(?:(?:local |e?-?mail |final delivery |destination )?(?:user|userid|recipient|account"
    r"|mail ?box|addressee|address|person|customer)(?: (?:name|address|id|email))?)"
)
_ABSENT = (
    r"(?:unknown|not (?:be )?found|not known|not (?:be )?recognized|not (?:be )?recognised"
    r"|not listed in|not exist|not here|no longer (?:exists?|valid|available|active|on server"
    r"|in use|here)|(?:do(?:es)?|did) ?n[o'’]?t exist|is invalid"
    r"|is not (?:a )?valid|could ?n[o'’]t be found|has been (?:deleted|removed|closed)"
    r"|(?:is )?(?:unrouta?e?able)|terminated|deactivated|closed|deleted)"
)
_GONE = re.compile(
    rf"\b{_WHO}\b(?:[^.;:!\n]|\.(?=\w)){{0,50}}?\b{_ABSENT}"
    rf"|\b(?:unknown|no such|invalid|non-?existent|no(?= \w+ here)|undefined|bad destination)"
    rf" {_WHO}\b"
    r"|\bno mail ?box (?:here )?(?:by|with|for) that name|\bno one (?:here )?by that name"
    r"|\brecip(?:ient)?notfound\b|\bnot (?:our|a) (?:user|customer|known user|local user)\b"
    r"|\baddress(?:ee)? (?:unknown|rejected\.?\s*$)|\binactive e?-?mail address"
    r"|\brecipient (?:address )?rejected: access denied",  # Exchange Online, for an unknown address
    _I,
)
_HAS_NO_ACCOUNT = re.compile(r"\bthis user does ?n[o'’]t have an? [^\n]{0,80}\baccount\b", _I)
_YAHOO = 554
"""Yahoo's code, after DATA, for an account that does not exist; its text is reliable."""
_GONE_ELSEWHERE = re.compile(
    r"\b(?:benutzer|empf[äa]nger|postfach|adresse)\b[^.;:!\n]{0,40}(?:unbekannt|existiert nicht"
    r"|nicht (?:gefunden|bekannt|vorhanden|verf[üu]gbar))|\bunbekannter? (?:benutzer|empf[äa]nger)"
    r"|\b(?:utilisateur|destinataire|bo[iî]te|adresse)\b[^.;:!\n]{0,40}(?:inconnue?|invalide"
    r"|n['’]existe (?:pas|plus)|introuvable|inexistante?)"
    r"|\b(?:usuario|destinatario|buz[oó]n|cuenta|direcci[oó]n|correo)\b[^.;:!\n]{0,40}"
    r"(?:desconocid[oa]|no existe|inexistente|inv[aá]lid[oa]|no encontrad[oa])"
    r"|\b(?:utente|casella|indirizzo|destinatario)\b[^.;:!\n]{0,40}(?:sconosciut[oa]"
    r"|non (?:esiste|trovat[oa]|valid[oa])|inesistente)"
    r"|\b(?:usu[aá]rio|destinat[aá]rio|endere[cç]o|conta)\b[^.;:!\n]{0,40}(?:desconhecid[oa]"
    r"|n[aã]o (?:existe|encontrad[oa])|inexistente)"
    r"|\b(?:gebruiker|ontvanger|postvak|adres)\b[^.;:!\n]{0,40}(?:onbekend|bestaat niet"
    r"|niet gevonden)"
    r"|(?:пользовател|получател|адрес|ящик)[^.;:!\n]{0,40}(?:не (?:найден|существует)|неизвест)"
    r"|нет такого (?:пользователя|адреса)"
    r"|(?:用户|使用者|收件人|邮箱|信箱|地址)[^。;:!\n]{0,20}(?:不存在|未知|无效|無效)"
    r"|(?:宛先|ユーザ|受信者|アドレス)[^。;:!\n]{0,20}(?:見つかり|存在し|不明)"
    r"|ディレクトリ[^。\n]{0,20}(?:ありません|見つかり)"
    r"|\b(?:u[zż]ytkownik|odbiorca|skrzynka)\b[^.;:!\n]{0,40}(?:nieznan|nie istnieje)",
    _I,
)
_NO_DOMAIN = re.compile(
    r"\b(?:host|domain)(?: name)?(?: or domain(?: name)?)?\b[^.;:!\n]{0,50}?\b(?:unknown"
    r"|not (?:be )?found|does ?n[o'’]t exist|not exist|invalid|is not reachable)"
    r"|\b(?:unknown|no such|invalid|non-?existent|bad|illegal) (?:destination )?(?:host|domain)"
    r"|\bnxdomain\b|\bnull mx\b|\bunrouta?e?able\b|\bnonexistentdomain\b"
    r"|\bcould ?n[o'’]t find (?:any host|a mail exchanger)|\bno smtp service|\baccepts? no mail"
    r"|\bdoes not accept mail\b|\bno (?:valid )?mx\b",
    _I,
)

_REPLY = re.compile(
    r"(?<![0-9.])([245][0-5][0-9])(?:[ :-]{1,3}#?([245](?:\.[0-9]{1,3}){2}))?(?![\w.])"
)
_STATUS = re.compile(r"(?<![0-9.])([245](?:\.[0-9]{1,3}){2})(?![0-9]|\.[0-9])")


def classify(code: int, status: str, text: str, command: str = "RCPT") -> Refusal:
    """Return the subject of a refusal.

    Whether to retry is a separate question, answered by the first digit of the code.

    Args:
        code: The SMTP reply code, 0 if unknown.
        status: The enhanced status code (RFC 3463), "" if unknown.
        text: The server's text.
        command: The refused SMTP command: CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT or DATA
            (including the final dot); "" if unknown. Text alone proves an address invalid only in
            a reply to RCPT.
    """
    words = strip_addresses(text)
    gone = _matches_unknown_address(words)
    refusal = _classify_sender_refusal(status, text, words, gone=gone)
    if refusal is not None:
        return refusal
    is_permanent = (status.startswith("5") or not status) and (
        code >= _PERMANENT or (code == 0 and status != "")
    )
    if _FULL.search(words):
        return Refusal.MAILBOX
    if command in _BEFORE_RECIPIENT:  # the server had no recipient yet
        return Refusal.POLICY if is_permanent else Refusal.TECHNICAL
    if is_permanent and _is_invalid_address(code, status, words, command):
        return Refusal.INVALID
    if is_permanent and command == "DATA" and not gone and _REJECTED.search(words):
        return Refusal.POLICY  # the server has seen the message
    return _classify_soft(status, words, gone=gone)


def _classify_sender_refusal(status: str, text: str, words: str, *, gone: bool) -> Refusal | None:
    """Return RATE or POLICY if a refusal is about us, otherwise None."""
    named = [each[2:] for each in _STATUS.findall(words)]
    if _ABOUT_RATE.search(words) or any(map(_RATE_STATUS.fullmatch, (*named, status[2:]))):
        return Refusal.RATE
    if _ABOUT_POLICY.search(words):
        return Refusal.POLICY
    if not gone and (_names_block_list(text) or any(map(_POLICY_STATUS.fullmatch, named))):
        return Refusal.POLICY
    return None


def _is_invalid_address(code: int, status: str, words: str, command: str) -> bool:
    """Return whether a permanent refusal that is not about us means an invalid address."""
    if (code, status) in _ACCEPTS_NO_MAIL:
        return True
    if _INVALID_STATUS.fullmatch(status[2:]):
        return not _ABOUT_NETWORK.search(words)
    if not (status or code in _REFUSED) or _YOURS.search(words):
        return False
    # After DATA a server judges the message; some filters then pretend "user unknown".
    is_sure = _matches_unknown_address(words) and (
        command == "RCPT" or (command == "" and status[2:].startswith("1."))
    )
    is_sure = is_sure or (code == _YAHOO and _HAS_NO_ACCOUNT.search(words) is not None)
    return bool(is_sure or (command != "DATA" and _NO_DOMAIN.search(words)))


def _classify_soft(status: str, words: str, *, gone: bool) -> Refusal:
    """Classify a refusal that is neither hard nor, by its text, about us."""
    details = [each[2:] for each in (status, *_STATUS.findall(words))]
    if _DISABLED.search(words):
        return Refusal.MAILBOX
    if not gone and _POLICY_STATUS.fullmatch(status[2:]):
        return Refusal.POLICY
    if any(map(_MAILBOX_STATUS.fullmatch, details)):
        return Refusal.MAILBOX
    if _ABOUT_NETWORK.search(words) or any(map(_TECHNICAL_STATUS.fullmatch, details)):
        return Refusal.TECHNICAL
    return Refusal.UNCLASSIFIED


def is_address_unknown(text: str) -> bool:
    """Return whether a text says that an address or a domain does not exist."""
    return _matches_unknown_address(strip_addresses(text))


def _matches_unknown_address(words: str) -> bool:
    return any(each.search(words) for each in (_GONE, _GONE_ELSEWHERE, _NO_DOMAIN))


def _names_block_list(text: str) -> bool:
    return any(_BLOCK_LIST.search(url) for url in _URL.findall(text[:MAX_TEXT_LENGTH]))


def is_hard_bounce(code: int, status: str, text: str) -> bool:
    """Return whether a refusal means that the address is permanently invalid."""
    return classify(code, status, text).is_hard


def is_mailbox_disabled(text: str) -> bool:
    """Return whether a text says that an account or a mailbox is disabled or locked."""
    return _DISABLED.search(strip_addresses(text)) is not None


def find_reply_codes(text: str) -> tuple[int, str]:
    """Find the SMTP reply code and enhanced status code in a text; 0 and "" if missing.

    A pair of both is preferred to the first of each.
    """
    words = strip_addresses(text)
    replies = list(_REPLY.finditer(words))
    whole = next((found for found in replies if found[2]), None)
    if whole is not None:
        return int(whole[1]), whole[2]
    status = _STATUS.search(words)
    return int(replies[0][1]) if replies else 0, status[1] if status else ""


def redact_addresses(text: str) -> str:
    """Return a server's text without the addresses in it, which may identify subscribers."""
    return _ADDRESS.sub("…", text[:MAX_TEXT_LENGTH])


def strip_addresses(text: str) -> str:
    """Return the beginning of a text without addresses and URLs."""
    return _NAMES.sub(" ", text[:MAX_TEXT_LENGTH])
