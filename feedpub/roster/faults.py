"""What is wrong with a text that somebody wrote → words for it."""

_REPEATED = 60  # characters of it that a message repeats


class InvalidValueError(ValueError):
    """A text that cannot be used; the message says what is wrong with it and what to do."""


def quote_value(text: str) -> str:
    """Give a text as a message repeats it: on one line, not too long, safe for any terminal."""
    short = text if len(text) <= _REPEATED else f"{text[: _REPEATED - 1]}…"
    return '"' + "".join(each if each.isprintable() else "\ufffd" for each in short) + '"'
