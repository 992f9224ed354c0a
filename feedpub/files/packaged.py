"""The program's own files → the texts of its templates, and a digest that tells its version."""

import sys
import zlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from feedpub.errors import TemplateError
from feedpub.files.scanner import compute_digest

_HOME = Path(__file__).resolve().parent.parent
_LIBRARIES = (
    "brotli",
    "comrak",
    "css-inline",
    "feedgen",
    "jinja2",
    "latex2mathml",
    "lxml",
    "markdown",
    "nh3",
    "pygments",
    "python-frontmatter",
)


def find_packaged_templates() -> Path:
    """Give the folder of the templates that come with feedpub: in a wheel, or in a checkout."""
    inside = _HOME / "default" / "templates"
    return inside if inside.is_dir() else _HOME.parent / "templates"


def read_templates(folder: Path) -> dict[str, str]:
    """Read every template below a folder, by path; none where there is no such folder.

    Raises TemplateError where one is not UTF-8.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not any(part.startswith(".") for part in name.split("/")):
            try:
                found[name] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                message = f"{path}: is not UTF-8 text; save it as UTF-8"
                raise TemplateError(message) from error
    return found


def compute_program_digest() -> str:
    """Give a digest of the program, Python and the libraries that make what is published."""
    sources = [path.read_bytes() for path in sorted(_HOME.rglob("*.py"))]
    versions = [f"{name} {_version(name)}" for name in _LIBRARIES]
    versions.append(f"zlib {zlib.ZLIB_RUNTIME_VERSION}")
    return compute_digest(
        b"\0".join([*sources, sys.version.encode(), *(each.encode() for each in versions)])
    )


def _version(name: str) -> str:
    """Return the version of a library, "" where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
