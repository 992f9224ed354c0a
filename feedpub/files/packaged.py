"""The program's own files: bundled templates, and a digest identifying the installed version."""

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
    """Return the folder of the bundled templates, in a wheel or a checkout."""
    inside = _HOME / "default" / "templates"
    return inside if inside.is_dir() else _HOME.parent / "templates"


def read_templates(folder: Path) -> dict[str, str]:
    """Read every template below a folder, by relative path; hidden files are skipped.

    A missing folder has none. Raises TemplateError if a file is not UTF-8.
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
    """Return a digest of the program, Python and the libraries that affect the output."""
    sources = [path.read_bytes() for path in sorted(_HOME.rglob("*.py"))]
    versions = [f"{name} {_version(name)}" for name in _LIBRARIES]
    versions.append(f"zlib {zlib.ZLIB_RUNTIME_VERSION}")
    return compute_digest(
        b"\0".join([*sources, sys.version.encode(), *(each.encode() for each in versions)])
    )


def _version(name: str) -> str:
    """Return a library's version; "" if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
