"""What needs the database, while that is away → an answer all the same: come again later."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from feedpub.web.paths import get_root_path
from feedpub.web.readers import PostRoute

_LINKS = ("confirm", "forget", "preferences", "resubscribe", "unsubscribe")
_HOOKS = ("/hooks/{service}", "/hooks/{service}/{secret}")


def build_unavailable_routes(url: str) -> list[Route]:
    """Give routes where those of readers and of mail services are otherwise, of the site at a URL.

    Static files would say that nothing is there: who hears that does not come again.
    """
    prefix = get_root_path(url)
    return [
        *(
            PostRoute(prefix + each, _answer_unavailable, methods=["POST"])
            for each in ("subscribe", "subscribe/")
        ),
        *(
            Route(f"{prefix}{each}/{{token}}", _answer_unavailable, methods=["GET", "POST"])
            for each in _LINKS
        ),
        *(Route(each, _answer_unavailable, methods=["POST"]) for each in _HOOKS),
    ]


async def _answer_unavailable(request: Request) -> Response:
    del request
    told = "This does not work at the moment. Please come again in a minute.\n"
    return PlainTextResponse(told, 503, {"Retry-After": "60", "Cache-Control": "no-store"})
