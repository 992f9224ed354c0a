"""Notices as mail systems write them, about a message of https://example.org/ to Ann.

Written for these tests after the forms that Postfix, Exim, qmail, Exchange and Gmail use; the
addresses are those kept for examples (RFC 2606, RFC 5737).
"""

from textwrap import dedent

from feedpub.models.tokens import SigningKeys, sign_token, verify_token

KEYS = SigningKeys(b"k" * 32)
BOUNCE = sign_token(KEYS, "bounce", 4711, "ann@example.net")
LEAVE = sign_token(KEYS, "unsubscribe", 4711, "ann@example.net")
ANN = verify_token(KEYS, "bounce", BOUNCE)
VERP = f"bounces+{BOUNCE}@example.org"

RETURNED = f"""\
Return-Path: <{VERP}>
Received: from mail.example.org (mail.example.org [192.0.2.9])
\tby mx.example.net with ESMTPS; Sun, 1 Jun 2025 08:00:01 +0000
From: Example <news@example.org>
To: ann@example.net
Subject: Three new posts
Message-ID: <1.1@example.org>
List-Unsubscribe: <https://example.org/u/{LEAVE}>,
 <mailto:unsubscribe+{LEAVE}@example.org>

Hello Ann!
"""


def mail(header: str, body: str) -> bytes:
    """Give a message with CRLF line ends; what is indented is moved to the left."""
    text = dedent(header).strip() + "\n\n" + dedent(body).strip("\n") + "\n"
    return text.replace("\n", "\r\n").encode()


def parts(*whole: tuple[str, str], kind: str = "report; report-type=delivery-status") -> str:
    """Give the type of a message of these parts, a blank line, and the parts: type and text."""
    bodies = "".join(f"--=_b\nContent-Type: {name}\n\n{text}\n" for name, text in whole)
    return f'Content-Type: multipart/{kind}; boundary="=_b"\n\n{bodies}--=_b--\n'


def dsn(
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <ann@example.net>: Recipient address rejected: User unknown",
    action: str = "failed",
    to: str = VERP,
    returned: str = RETURNED,
    words: str = "This is the mail system at host mail.example.org.",
) -> bytes:
    """Give a delivery status notification like those of Postfix."""
    told = f"Diagnostic-Code: {diagnostic}\n" if diagnostic else ""
    head = (
        "Return-Path: <>\n"
        "From: MAILER-DAEMON@mail.example.org (Mail Delivery System)\n"
        f"To: {to}\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        "Auto-Submitted: auto-replied\n"
        "MIME-Version: 1.0\n"
    )
    report = (
        "Reporting-MTA: dns; mail.example.org\n"
        "X-Postfix-Sender: rfc822; news@example.org\n"
        "\n"
        "Final-Recipient: rfc822; ann@example.net\n"
        "Original-Recipient: rfc822;ann@example.net\n"
        f"Action: {action}\n"
        f"Status: {status}\n"
        "Remote-MTA: dns; mx.example.net\n" + told
    )
    whole = parts(
        ("text/plain; charset=us-ascii", words),
        ("message/delivery-status", report),
        ("message/rfc822", returned),
    )
    return (head + whole).replace("\n", "\r\n").encode()


def complaint(kind: str = "abuse", to: str = "fbl@example.org", fields: str = "") -> bytes:
    """Give a complaint report in the Abuse Reporting Format."""
    report = f"Feedback-Type: {kind}\nUser-Agent: SomeMailer/1.0\nVersion: 1\n{fields}"
    whole = parts(
        ("text/plain", "This is an email abuse report."),
        ("message/feedback-report", report),
        ("message/rfc822", RETURNED),
        kind="report; report-type=feedback-report",
    )
    head = f"From: <abuse@example.net>\nTo: {to}\nSubject: FW: Three new posts\nMIME-Version: 1.0\n"
    return (head + whole).replace("\n", "\r\n").encode()


QMAIL = mail(
    f"""
    Return-Path: <>
    From: MAILER-DAEMON@mx.example.net
    To: {VERP}
    Subject: failure notice
    """,
    f"""
    Hi. This is the qmail-send program at mx.example.net.
    I'm afraid I wasn't able to deliver your message to the following addresses.
    This is a permanent error; I've given up. Sorry it didn't work out.

    <ann@example.net>:
    Sorry, no mailbox here by that name. (#5.1.1)

    --- Below this line is a copy of the message.

    Return-Path: <{VERP}>
    Subject: Three new posts

    Sender verify: spam policy blocked.
    """,
)

EXIM = mail(
    f"""
    From: Mail Delivery System <Mailer-Daemon@mx.example.net>
    To: {VERP}
    X-Failed-Recipients: ann@example.net
    Auto-Submitted: auto-replied
    Subject: Mail delivery failed: returning message to sender
    """,
    """
    This message was created automatically by mail delivery software.

    A message that you sent could not be delivered to one or more of its
    recipients. This is a permanent error. The following address(es) failed:

      ann@example.net
        host mx.example.net [192.0.2.25]
        SMTP error from remote mail server after RCPT TO:<ann@example.net>:
        550 No such user here

    ------ This is a copy of the message, including all the headers. ------

    Subject: Three new posts

    550 5.7.1 blocked
    """,
)

EXIM_SENDER = EXIM.replace(b"RCPT TO:<ann@example.net>", b"MAIL FROM:<bounces@example.org>")

EXIM_DELAYED = mail(
    f"""
    From: Mail Delivery System <Mailer-Daemon@mx.example.net>
    To: {VERP}
    Auto-Submitted: auto-replied
    Subject: Warning: message 1abc-0001-AB delayed 24 hours
    """,
    """
    This message was created automatically by mail delivery software.
    A message that you sent has not yet been delivered to one or more of its
    recipients after more than 24 hours on the queue on mx.example.net.

      ann@example.net

    No action is required on your part. Delivery attempts will continue for
    some time, and this warning may be repeated at intervals.
    """,
)

OLD_GMAIL = mail(
    f"""
    Return-Path: <>
    From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
    To: {VERP}
    Subject: Delivery Status Notification (Failure)
    """,
    f"""
    Delivery to the following recipient failed permanently:

         ann@example.net

    Technical details of permanent failure:
    Google tried to deliver your message, but it was rejected by the server.

    The error that the other server returned was:
    550 5.1.1 <ann@example.net> User unknown

    ----- Original message -----

    Return-Path: <{VERP}>
    Subject: Three new posts
    """,
)

ABSENCE = mail(
    f"""
    Return-Path: <>
    From: Ann <ann@example.net>
    To: {VERP}
    Auto-Submitted: auto-replied (vacation)
    Subject: Re: Three new posts
    """,
    "I am away until the 9th. 550 of you have written.",
)
