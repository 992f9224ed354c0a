"""What feedpub says to people stands in one file, to be read and corrected as a whole."""

from pathlib import Path

from wording import MESSAGES, messages

import feedpub


def test_the_file_of_messages_is_current() -> None:
    """After a message has changed, `python tests/wording.py` writes the file anew."""
    found = "\n".join(messages(Path(feedpub.__file__).parent)).lstrip("\n")

    assert MESSAGES.read_text(encoding="utf-8") == f"{found}\n"
