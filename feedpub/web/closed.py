"""What needs the database, while that is away → an answer all the same: come again later."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from feedpub.web.paths import root
from feedpub.web.readers import Posted

_LINKS = ("confirm", "forget", "preferences", "resubscribe", "unsubscribe")
_HOOKS = ("/hooks/{service}", "/hooks/{service}/{secret}")


def routes(url: str) -> list[Route]:
    """Give routes where those of readers and of mail services are otherwise, of the site at a URL.

    Static files would say that nothing is there: who hears that does not come again.
    """
    prefix = root(url)
    return [
        *(Posted(prefix + each, _later, methods=["POST"]) for each in ("subscribe", "subscribe/")),
        *(Route(f"{prefix}{each}/{{token}}", _later, methods=["GET", "POST"]) for each in _LINKS),
        *(Route(each, _later, methods=["POST"]) for each in _HOOKS),
    ]


async def _later(request: Request) -> Response:
    del request
    told = "This does not work at the moment. Please come again in a minute.\n"
    return PlainTextResponse(told, 503, {"Retry-After": "60", "Cache-Control": "no-store"})
