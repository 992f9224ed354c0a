"""The pages of the example need nothing that their Content-Security-Policy forbids."""

import re
import subprocess
from pathlib import Path

import pytest
from example import Built
from made import config
from programs import needs
from webs import serving

from feedpub.web.app import create_app

INLINE = re.compile(
    r"<(?:style\b|script(?![^>]*\ssrc=)|[a-z][^<>]*\s(?:style|on[a-z]+)=)", re.IGNORECASE
)


def test_nothing_is_inline(example: Built) -> None:
    """No page holds a style, a script or a handler of its own."""
    pages = sorted(example.public.rglob("*.html"))

    assert pages
    assert [] == [page for page in pages if INLINE.search(page.read_text(encoding="utf-8"))]


def complaints(public: Path, path: str, folder: Path) -> list[str]:
    """Look at a page in a browser; give what it would not do."""
    chromium = needs("chromium")
    with serving(create_app(config(), public, lambda: 4e9)) as port:
        done = subprocess.run(
            [
                *(chromium, "--headless", "--no-sandbox", "--disable-gpu"),
                *(f"--user-data-dir={folder}", "--enable-logging=stderr", "--dump-dom"),
                f"http://127.0.0.1:{port}/{path}",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    assert "</html>" in done.stdout
    return [line for line in done.stderr.splitlines() if "Content Security Policy" in line]


@pytest.mark.parametrize("path", ["", "posts/restyle/", "subscribe/", "nothing-here/"])
def test_a_browser_complains_of_nothing(example: Built, tmp_path: Path, path: str) -> None:
    """Chromium does all that a page asks it to."""
    assert [] == complaints(example.public, path, tmp_path)


def test_a_browser_would_complain(tmp_path: Path) -> None:
    """A script that came into a page by whatever way would not run."""
    public = tmp_path / "public"
    public.mkdir()
    page = "<!doctype html><p style='color: red'>x<script>document.title = 'y'</script>"
    (public / "index.html").write_text(page, encoding="utf-8")

    assert 2 == len(complaints(public, "", tmp_path / "profile"))
