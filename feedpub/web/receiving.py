"""What a client sends, when nothing of it matters but that it goes away."""

from starlette.types import Receive


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until nobody is there any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
