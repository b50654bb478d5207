"""The pages over HTTP: the shell at every address that is none of the API's, and its files.

Files stand below a name that changes with any of them, so that browsers keep them for good; below
`latest` they are asked for anew, for pages of others that embed an element.
"""

from collections.abc import Sequence
from html import escape
from http import HTTPStatus
from json import dumps
from typing import Any, Final

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from orthocrm.pages import LANGUAGES, Asset, assets
from orthocrm.web.settings import WebSettings

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing runs, is shown or is asked for but what stands here; no text becomes markup."""

_KEPT: Final = "public, max-age=31536000, immutable"
_ASKED_ANEW: Final = "no-cache"
_LATEST: Final = "latest"
_NOT_PAGES: Final = ("api", "metrics", "static")


def routes(settings: WebSettings) -> Sequence[HTTPRouteHandler]:
    """Give the routes of the pages."""

    @get(["/", "/{path:path}"], name="page", media_type="text/html", sync_to_thread=False)
    def page(request: Request[Any, Any, Any]) -> Response[bytes]:
        if _named(request, "path").partition("/")[0] in _NOT_PAGES:
            raise NotFoundException
        shell = Asset.of(_shell(request, settings), "text/html; charset=utf-8")
        told = _answer(request, shell, _ASKED_ANEW)
        told.headers |= {"Content-Security-Policy": _POLICY, "Vary": "Accept-Language"}
        return told

    return (page, file)


@get("/static/{digest:str}/{path:path}", name="file", sync_to_thread=False)
def file(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give a file, of the release that is asked for, or the latest one."""
    known, digest = assets(), _named(request, "digest")
    found = known.found.get(_named(request, "path"))
    if found is None or digest not in (known.digest, _LATEST):
        raise NotFoundException
    told = _answer(request, found, _KEPT if digest == known.digest else _ASKED_ANEW)
    told.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return told


def _named(request: Request[Any, Any, Any], name: str) -> str:
    return str(request.path_params.get(name, "")).strip("/")


def _answer(request: Request[Any, Any, Any], asset: Asset, kept: str) -> Response[bytes]:
    """Give the bytes, unless the browser has them already."""
    tag = f'"{asset.digest}"'
    headers = {"ETag": tag, "Cache-Control": kept}
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(asset.content, headers={**headers, "Content-Type": asset.media})


def _shell(request: Request[Any, Any, Any], settings: WebSettings) -> bytes:
    """Fill in where the application stands, its release, and whether it is a demo."""
    known = assets()
    root = request.scope.get("root_path", "").rstrip("/")
    static = f"{root}/static/{known.digest}"
    told = {
        "static": static,
        "root": f"{root}/",
        "language": _language(request),
        "demo": dumps(list(settings.demo)) if settings.demo else "",
    }
    links = (
        f'    <link rel="modulepreload" href="{escape(static)}/{path}">' for path in known.at_first
    )
    text = known.found["app/shell.html"].content.decode().replace("%scripts%", "\n".join(links))
    for name, value in told.items():
        text = text.replace(f"%{name}%", escape(value, quote=True))
    return text.encode()


def _language(request: Request[Any, Any, Any]) -> str:
    """Guess which catalogue will be asked for; the page decides by itself."""
    stated = request.headers.get("accept-language", "").split(",")
    wished = (one.strip()[:2].lower() for one in stated)
    return next((one for one in wished if one in LANGUAGES), LANGUAGES[0])
