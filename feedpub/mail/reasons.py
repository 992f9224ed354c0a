"""What went wrong with a connection → words that help."""

import re
import ssl

from feedpub.text import one_line

_BLANKS = re.compile(" {2,}")
_LONGEST = 300


def clean_reply(said: str) -> str:
    """Give what a server said without control characters, in one line that is not too long."""
    return _BLANKS.sub(" ", one_line(said))[:_LONGEST]


def describe_error(error: Exception) -> str:
    """Say why a server cannot be reached or trusted."""
    match error:
        case ssl.SSLCertVerificationError(verify_message=doubt):
            return f"its certificate cannot be trusted: {doubt}; mend it, or set the right host"
        case ssl.SSLError():
            return f"TLS does not come about ({clean_reply(str(error))}); is this the right port?"
        case TimeoutError():
            return "it does not answer; look at host and port, and whether a firewall is between"
        case OSError():
            return f"it cannot be reached: {clean_reply(error.strerror or str(error))}"
        case UnicodeError():
            return "its name, or what it is told, is not ASCII"
        case _:
            return clean_reply(str(error))
