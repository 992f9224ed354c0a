"""Find the files that belong to a post, and guess media types.

A page bundle is `post/index.md` with everything beside and below it; an asset folder is `trip/`
beside `trip.md`, as in Hexo. Media types come from a table of our own, so that they are the same on
every machine and with every version of Python.
"""

import posixpath
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from posixpath import splitext
from urllib.parse import unquote

from feedpub.models.content import ParsedPost


def find_bundles(paths: Iterable[str]) -> dict[str, str]:
    """Return the page bundles among posts: folder to the path of the post it belongs to.

    A folder with an index in several languages belongs to the one without a language suffix.
    """
    found: dict[str, str] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        first, *rest = name.casefold().split(".")
        if first == "index" and folder and (len(rest) == 1 or folder not in found):
            found[folder] = path
    return found


def find_asset_folders(parsed_posts: Sequence[ParsedPost], files: Container[str]) -> dict[str, str]:
    """Return the asset folders of posts: folder to the path of the post it belongs to.

    An asset folder has the name of its post and contains no other post, and the post refers to one
    of its files as if it lay beside the post.
    """
    found: dict[str, str] = {}
    for one in parsed_posts:
        folder = posixpath.splitext(one.path)[0]
        above = posixpath.dirname(one.path)
        for name in find_bare_names(one):
            beside = posixpath.join(above, name)
            if f"{folder}/{name}" in files and beside not in files:
                found[folder] = one.path
                break
    for one in parsed_posts if found else ():
        for folder in iter_parents(one.path):
            found.pop(folder, None)
    return found


def find_bare_names(one: ParsedPost) -> tuple[str, ...]:
    """Return the file names that a post refers to without a folder."""
    targets = [each.target for each in one.references]
    targets += [each.url for each in one.enclosures]
    targets += [one.image.url] if one.image else []
    return tuple(unquote(each) for each in targets if "." in each and not _NO_NAME & {*each})


_NO_NAME = frozenset("/#?{}|\\:")


def find_nearest_folder(path: str, known: Container[str]) -> str:
    """Return the innermost known folder that contains a path, or ""."""
    return next((folder for folder in iter_parents(path) if folder in known), "")


def iter_parents(path: str) -> Iterator[str]:
    """Yield every folder above a path, innermost first."""
    cut = path.rfind("/")
    while cut > 0:
        yield path[:cut]
        cut = path.rfind("/", 0, cut)


DEFAULT_MEDIA_TYPE = "application/octet-stream"

_TAIL = re.compile(r"[?#].*", re.DOTALL)
_TYPES = {
    ".3gp": "video/3gpp",
    ".7z": "application/x-7z-compressed",
    ".aac": "audio/aac",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".avi": "video/x-msvideo",
    ".avif": "image/avif",
    ".bz2": "application/x-bzip2",
    ".csv": "text/csv",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".epub": "application/epub+zip",
    ".flac": "audio/flac",
    ".gif": "image/gif",
    ".gz": "application/gzip",
    ".heic": "image/heic",
    ".htm": "text/html",
    ".html": "text/html",
    ".ics": "text/calendar",
    ".ipynb": "application/x-ipynb+json",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".jxl": "image/jxl",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".m4v": "video/mp4",
    ".md": "text/markdown",
    ".mid": "audio/midi",
    ".midi": "audio/midi",
    ".mka": "audio/x-matroska",
    ".mkv": "video/x-matroska",
    ".mobi": "application/x-mobipocket-ebook",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".mpeg": "video/mpeg",
    ".mpg": "video/mpeg",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".rtf": "application/rtf",
    ".srt": "application/x-subrip",
    ".svg": "image/svg+xml",
    ".tar": "application/x-tar",
    ".tgz": "application/gzip",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".torrent": "application/x-bittorrent",
    ".txt": "text/plain",
    ".vtt": "text/vtt",
    ".wav": "audio/wav",
    ".weba": "audio/webm",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/xml",
    ".xz": "application/x-xz",
    ".zip": "application/zip",
}


def guess_media_type(url: str) -> str:
    """Return the media type (RFC 6838) for the suffix of a URL, or `DEFAULT_MEDIA_TYPE`."""
    return _TYPES.get(splitext(_TAIL.sub("", url))[1].lower(), DEFAULT_MEDIA_TYPE)
