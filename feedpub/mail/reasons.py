"""What went wrong with a connection → words that help."""

import re
import ssl

_UNSEEN = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_LONGEST = 300


def one_line(text: str) -> str:
    """Give what a server said without control characters, in one line that is not too long."""
    return _UNSEEN.sub(" ", text).strip()[:_LONGEST]


def reason(error: Exception) -> str:
    """Say why a server cannot be reached or trusted."""
    match error:
        case ssl.SSLCertVerificationError(verify_message=doubt):
            return f"its certificate cannot be trusted: {doubt}; mend it, or set the right host"
        case ssl.SSLError():
            return f"TLS does not come about ({one_line(str(error))}); is this the right port?"
        case TimeoutError():
            return "it does not answer; look at host and port, and whether a firewall is between"
        case OSError():
            return f"it cannot be reached: {one_line(error.strerror or str(error))}"
        case UnicodeError():
            return "its name, or what it is told, is not ASCII"
        case _:
            return one_line(str(error))
