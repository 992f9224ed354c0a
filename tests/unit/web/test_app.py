"""An application that is exchanged while it answers."""

from starlette.responses import PlainTextResponse
from webs import call

from feedpub.web.app import SwappableApp


def test_it_answers_with_what_it_is_now() -> None:
    """Before there is anything, it asks to come again."""
    changing = SwappableApp()
    soon = call(changing, "/")
    changing.app = PlainTextResponse("one")
    one = call(changing, "/")
    changing.app = PlainTextResponse("two")
    two = call(changing, "/")

    assert (503, "1") == (soon.status, soon.headers["retry-after"])
    assert (b"one", b"two") == (one.body, two.body)
