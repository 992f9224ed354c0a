"""Find in the text of a bounce the SMTP command that the server refused.

`bounce_classifier.classify` depends on the command: "user unknown" is reliable only after RCPT.
"""

import re

_COMMAND = re.compile(
    r"\bin (?:reply|response) to (?:the )?(?:end of )?(?P<postfix>RCPT|MAIL|DATA|[EH][EH]LO"
    r"|STARTTLS|AUTH)\b"
    r"|\bafter (?:pipelined )?(?:sending )?(?P<exim>RCPT TO|MAIL FROM|end of data|DATA"
    r"|initial connection|[EH][EH]LO|STARTTLS)\b"
    r"|\bdid not like our (?:final )?(?P<dma>RCPT TO|MAIL FROM|DATA|EHLO|HELO)\b"
    r"|\b(?P<qmail>does not like recipient|RCPT TO response|sender was rejected"
    r"|name was rejected|greeting failed|after I sent the message)\b"
    r"|\[(?P<yahoo>RCPT_TO|MAIL_FROM|DATA)\]"
    r"|\berror following (?P<x6>RCPT|MAIL|DATA) command"
    r"|\bSMTP command (?P<mfilter>RCPT|MAIL|DATA)\b"
    r"|\bserver has (?P<oracle>rejected address)"
    r"|\bSTEP: (?P<step>RCPT|MAIL|DATA)",
    re.IGNORECASE,
)
"""The wording of Postfix, Exim, DragonFly, qmail, Yahoo and others."""

_SENT = re.compile(
    r"^[> \t]{0,8}(?:>>>|sent <<<)[ \t]{0,9}(?P<command>RCPT|MAIL|DATA|[EH][EH]LO)\b[^\n]{0,998}\n"
    r"(?P<answers>(?:[> \t]{0,8}(?:<<<|received >>>|[45]\d\d[ -])[^\n]{0,998}\n?){1,6})",
    re.IGNORECASE | re.MULTILINE,
)
"""A transcript of the session, as in bounces of Sendmail and others."""
_NO_RECIPIENT = re.compile(r"\b(?:need rcpt|no valid recipients?|no recipients)\b", re.IGNORECASE)
"""The reply to a pipelined DATA after all recipients were refused."""

_NAMES = {
    "end of data": "DATA",
    "after i sent the message": "DATA",
    "initial connection": "CONNECT",
    "greeting failed": "CONNECT",
    "name was rejected": "HELO",
    "sender was rejected": "MAIL",
    "does not like recipient": "RCPT",
    "rejected address": "RCPT",
}
_NAMELESS = re.compile(r"(?<![0-9])5[0-9][0-9](?: |: ):\s")
"""A reply with an empty address: `550 : User unknown`."""
_REPLY = re.compile(r"(?<![0-9.])5[0-9][0-9][ :-]{1,3}(?:#?5\.[0-9]{1,3}\.[0-9]{1,3} )?")


def find_refused_command(words: str, reply: str, recipient: str) -> str:
    """Return the command that was refused: CONNECT, HELO, MAIL, RCPT or DATA; "" if unknown.

    Args:
        words: The text of the bounce.
        reply: The refusing server's reply alone.
        recipient: The refused address; a reply to RCPT often begins with it.
    """
    if _NAMELESS.search(reply[:500]):
        return "DATA"
    said = _COMMAND.search(" ".join(words.split()))
    if said is not None and said.lastgroup:
        name = said[said.lastgroup].lower().replace("_", " ")
        return _NAMES.get(name) or name.split()[0].upper()
    sent = _SENT.search(words)
    if sent is not None:
        command = sent["command"].upper()
        is_pipelined = command == "DATA" and _NO_RECIPIENT.search(sent["answers"])
        return "RCPT" if is_pipelined else command
    code = _REPLY.search(reply[:500])
    answer = reply[code.end() :].lower() if code else ""
    is_named = recipient and re.match(
        rf"[<\[]{re.escape(recipient.lower())}[>\]](?::|\.\.\.)", answer
    )
    return "RCPT" if is_named else ""
