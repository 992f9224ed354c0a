"""Recognise bounces in non-standard forms (qmail, Exim, old gateways) and auto-replies.

`parse_non_dsn` and `parse_auto_reply` are the entry points. The helpers, which find the address and
the server's reply in free text, also serve `dsn`.
"""

import re
from collections.abc import Collection

from feedpub.delivery import bounce_classifier
from feedpub.delivery.bounces.event import BounceEvent, build_event
from feedpub.delivery.bounces.message import ParsedMessage
from feedpub.delivery.bounces.smtp_commands import find_refused_command

_ADDRESS = r"[^\s<>@:;,()\[\]\"']{1,128}@[^\s<>@:;,()\[\]\"']{1,255}"
_ALONE = re.compile(rf"^[ \t]*<?(?P<address>{_ADDRESS})>?:?[ \t]*$", re.MULTILINE)
_NAMED = (
    _ALONE,
    # The text after an address says what happened to it.
    re.compile(rf"^[ \t]*<(?P<address>{_ADDRESS})>(?:[:. (]|$)", re.MULTILINE),
    re.compile(rf"^[ \t]*(?P<address>{_ADDRESS})(?::[ \t]| - | on [0-9A-Z]|[ \t])", re.MULTILINE),
    re.compile(
        r"\b(?:rcpt to|deliver(?:ing|ed)?(?: [a-z]{1,10}){0,3} to|recipients?|userid|user"
        rf"|address(?:es)?|size|to)[:( \t]{{1,9}}<?(?:mailto:|smtp:)?(?P<address>{_ADDRESS})",
        re.IGNORECASE,
    ),
    re.compile(rf"<(?P<address>{_ADDRESS})>"),
    re.compile(rf"(?:^|[\s(\[\"':;])(?P<address>{_ADDRESS})", re.MULTILINE),
)
"""Patterns of the bounced address, most reliable first."""
_LONGEST = 1000  # characters of an excerpt
_LOOKED_AT = 10_000  # characters searched for an address
_TRIED = 50  # addresses tried per pattern


def find_recipient(words: str, others: Collection[str] = ()) -> str:
    """Return the address that a bounce is about, or "".

    `others` are addresses that it is not about: the notice's own sender and recipient.
    """
    excluded = {each.lower() for each in others}
    text = words[:_LOOKED_AT]
    for pattern in _NAMED:
        for found, _ in zip(pattern.finditer(text), range(_TRIED), strict=False):
            address = found["address"].rstrip(".!?*")
            local = address.partition("@")[0].lower()
            if address.lower() not in excluded and local not in ("postmaster", "mailer-daemon"):
                return address
    return ""


def extract_reply(words: str) -> str:
    """Return the refusing server's reply without the surrounding text.

    That is the first line with a reply code, the line before, which names the command, and the rest
    of the paragraph; or else the text after an address, or everything.
    """
    lines = [line.strip() for line in words.splitlines()]
    for number, line in enumerate(lines):
        if bounce_classifier.find_reply_codes(line) != (0, ""):
            end = lines.index("", number) if "" in lines[number:] else len(lines)
            return "\n".join(lines[max(number - 1, 0) : end])[:_LONGEST]
    named = _ALONE.search(words)
    rest = words[named.end() :].strip() if named else ""
    return (rest or words.strip())[:_LONGEST]


def is_preceded_by_address(words: str, address: str, line: str) -> bool:
    """Return whether an address is on a line of its own just before `line`."""
    named = re.escape(address), re.escape(line[:200])
    pattern = rf"^[ \t]{{0,20}}<?{named[0]}>?:?[ \t]{{0,20}}\r?\n\s{{0,20}}{named[1]}"
    return re.search(pattern, words, re.MULTILINE) is not None


_DAEMON = re.compile(
    r"(?:mailer-?daemon|mail-?daemon|mdaemon|post-?master|microsoftexchange[^@]{0,80}"
    r"|mail[-.]?delivery[^@]{0,80}|no-?reply|bounces?|mail-?system)(?:@|$)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|delivery (?:failed|failure|status|notification|report|problem|has failed|error)"
    r"|(?:returned|failed|rejected) mail|returning to sender|returned to sender|failure notice"
    r"|mail (?:system )?(?:error|failed|failure)|message (?:delivery )?(?:failed|failure)"
    r"|non[- ]?deliver|(?:could|can)(?: ?not|n[o'’]t) be (?:delivered|sent)|user unknown"
    r"|\bNDN\b|\bbounced?\b|unzustellbar|nicht zustellbar|zustellung|rebotado|devuelt[oa]"
    r"|no entregad[oa]|échec de|non (?:remis|distribu)|mancata consegna|não entregue"
    r"|onbestelbaar|не доставлен|недоставлен|не может быть доставлено|退信|配信不能|投递失败"
    r"|送信できません|配送できません|メールエラー|エラー通知|未送達|不達",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"\s{0,99}(?:hi\. this is the|this message was created automatically by mail delivery software"
    r"|this is the mail (?:system|delivery agent|delivery system) at"
    r"|this is the [^\n]{1,80} at [^\n]{1,200}\n)",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"(?:could|was|can) ?(?:not|n[o'’]t) (?:be )?deliver|unable to deliver"
    r"|deliver[^\n.]{0,40} (?:failed|failure)|not able to deliver|undeliverable"
    r"|returned (?:below|to sender)|transcript of (?:the )?session|did not reach"
    r"|no such user|user unknown|mail ?box (?:is )?full",
    re.IGNORECASE,
)
_DELAYED = re.compile(r"\bdelay", re.IGNORECASE)
_RETRIES = re.compile(
    r"still being retried|will (?:be )?(?:retr|keep trying)|not yet been delivered"
    r"|attempts? will continue|no action is required|this is a warning message only"
    r"|do not need to resend",
    re.IGNORECASE,
)
_LOOKED_UP = re.compile(
    r"address (?:was )?not found|address could ?n[o'’]t be found|\bdirectory|ディレクトリ"
    r"|\buserid\b|name is not recogni[sz]ed|local (?:user|recipient|delivery)|mail\.local|x-unix",
    re.IGNORECASE,
)
_GIVES_UP = re.compile(
    r"not going to try again|giving up|has been in the queue too long|permanent(?:ly)? (?:fatal )?"
    r"(?:error|fail)",
    re.IGNORECASE,
)
_PERMANENT = 500  # the lowest permanent reply code
_SIGNS = 2  # signs of a bounce required; one may be a coincidence

_ANSWERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoreply-from",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-auto-response-suppress",
)
_PRECEDENCE = ("auto_reply", "auto-reply", "bulk", "junk", "list")
_AWAY = re.compile(
    r"out[- ]of[- ](?:the[- ])?office|auto[- ]?(?:matic(?:ally)? )?(?:reply|response)|vacation"
    r"|abwesen|automatische antwort|réponse automatique|respuesta automática|risposta automatica"
    r"|автоответ|自动回复|自動回覆|自動返信",
    re.IGNORECASE,
)
"""The start of an auto-reply's subject, often its only mark."""


def parse_non_dsn(mail: ParsedMessage) -> BounceEvent | None:
    """Parse a bounce in free text; None for other mail."""
    subject = mail.header.get("subject")
    if _AWAY.match(subject) and not (is_from_mailer_daemon(mail) and mail.has_original):
        return None
    failed = mail.header.get_address("x-failed-recipients").partition(",")[0]
    if not failed and not _OPENING.match(mail.text) and _count_bounce_signs(mail) < _SIGNS:
        return None
    return classify_bounce(mail, failed)


def is_from_mailer_daemon(mail: ParsedMessage) -> bool:
    """Return whether the From address is that of a mail system."""
    return bool(_DAEMON.match(mail.header.get_address("from")))


def is_possible_bounce(mail: ParsedMessage) -> bool:
    """Return whether there is any sign of a bounce besides the text."""
    is_answer = _AWAY.match(mail.header.get("subject")) or mail.header.has("in-reply-to")
    return _count_bounce_signs(mail) > 0 and not is_answer


def classify_bounce(mail: ParsedMessage, failed: str = "") -> BounceEvent:
    """Classify a bounce by its text: the address, and what the server's reply means.

    `failed` is the address from a machine-readable field, or "".
    """
    subject = mail.header.get("subject")
    recipient = identify_recipient(mail, failed)
    said = extract_reply(mail.text) or subject
    code, status = bounce_classifier.find_reply_codes(said)
    is_final = code >= _PERMANENT or status.startswith("5") or _GIVES_UP.search(mail.text)
    if _RETRIES.search(mail.text) or (_DELAYED.search(subject) and not is_final):
        return build_event("auto", recipient, text=subject)
    command = find_refused_command(mail.text, said, recipient)
    verdict = said
    if not command and is_local_lookup(said):
        command = "RCPT"
    elif not command and not code:
        verdict = find_unknown_address_line(mail, said, recipient)
        command, verdict = ("RCPT", verdict) if verdict else ("", said)
    refusal = bounce_classifier.classify(code or 550, status, verdict, command)
    if refusal.is_hard:
        return build_event("hard", recipient, status, said, refusal)
    says_something = code or status or refusal is not bounce_classifier.Refusal.UNCLASSIFIED
    return build_event("soft" if says_something else "unknown", recipient, status, said, refusal)


def is_local_lookup(said: str) -> bool:
    """Return whether a mail system reports its own lookup rather than another server's reply."""
    return _LOOKED_UP.search(said) is not None


def find_unknown_address_line(mail: ParsedMessage, said: str, recipient: str) -> str:
    """Return the line that says that the address does not exist, or "".

    The address must be in that line or just above it; other lines are about other things.
    """
    if not recipient:
        return ""
    lines = said.splitlines()
    for line in lines:
        if recipient in line and bounce_classifier.is_address_unknown(line):
            return line
    is_headed = lines and bounce_classifier.is_address_unknown(lines[0])
    return lines[0] if is_headed and is_preceded_by_address(mail.text, recipient, lines[0]) else ""


def identify_recipient(mail: ParsedMessage, address: str = "") -> str:
    """Return the address a notice is about: `address`, one in the text, or the original To.

    Our messages have one recipient, named in To.
    """
    if address.rfind("@") > 0:
        return address
    others = [mail.header.get_address(each) for each in ("to", "from", "reply-to", "return-path")]
    found = find_recipient(mail.text, [each for each in others if each])
    return found or mail.original_header.get_address("to") or address


def _count_bounce_signs(mail: ParsedMessage) -> int:
    """Count the signs of a bounce; ordinary mail may show one of them."""
    return sum(
        (
            is_from_mailer_daemon(mail),
            bool(_SUBJECT.search(mail.header.get("subject"))),
            mail.header.get("return-path") == "<>",
            mail.has_original,
            # This wording counts only together with the returned message.
            mail.has_original and bool(_FAILED.search(mail.text)),
        )
    )


def parse_auto_reply(mail: ParsedMessage) -> BounceEvent | None:
    """Parse an auto-reply or receipt (RFC 3834, RFC 8098); None for other mail."""
    header = mail.header
    submitted = header.get("auto-submitted").lower()
    subject = header.get("subject")
    automatic = (
        mail.is_receipt
        or (submitted and not submitted.startswith("no"))
        or any(header.has(name) for name in _ANSWERS)
        or header.get("precedence").lower() in _PRECEDENCE
        or _AWAY.match(subject)
    )
    return build_event("auto", header.get_address("from"), text=subject) if automatic else None
