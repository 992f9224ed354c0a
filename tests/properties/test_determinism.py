"""Same input, same bytes: whatever the time zone, the locale, the hashes, the place, the order."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from feedpub.files.pool import CHUNK_SIZE

CONFIG = """
site:
  title: Salt & Pepper
  url: https://example.org/blog/
  timezone: Europe/Lisbon
  author: {name: Zoë, email: zoe@example.org}
markdown: {engine: %s}
feeds: {kinds: [site, tags, authors, languages, categories], archive: true, limit: 2}
pages: {per_page: 2}
"""
SITE: Mapping[str, str] = {
    "content/2025-01-30-day.md": "---\ntitle: Day\ntags: [C, C++, C#, 人工智能, Ä, ä]\n---\nOne.\n",
    "content/night.md": "---\ntitle: Night\ndate: 2025-03-30 01:30\ntags: [c, a, Z]\n---\nTwo.\n",
    "content/twin-1.md": "---\ntitle: Twin\ndate: 2025-01-01\nslug: twin\nauthor: Ångström\n---\n",
    "content/twin-2.md": "---\ntitle: Twin\ndate: 2025-01-01\nslug: Twin\nauthor: ångström\n---\n",
    "content/twin-3.md": "---\ntitle: Twin\ndate: 2025-01-01\nslug: TWIN\nid: urn:x:1\n---\n",
    "content/same.md": "---\ntitle: Same\ndate: 2025-01-01\nid: urn:x:1\ncategories: [N, n]\n---\n",
    "content/ar.md": "---\ntitle: مرحبا\ndate: 2024-12-31T23:59:59-11:00\nlang: ar\n---\n**نص**\n",
    "content/trip/index.md": (
        "+++\ntitle = 'Trip'\ndate = 2025-02-02\nenclosure = 'bell.mp3'\n+++\n"
        "![cat](cat.png) [night](../night.md) [no](nowhere.md) <img srcset='cat.png 2x'>\n\n"
        "```python\nprint({'a': {1, 2}})\n```\n\nNote[^1] on a\x08bell.\n\n[^1]: Here.\n"
    ),
    "content/trip/bell.mp3": "ding",
    "content/trip/cat.png": "cat",
    "content/İstanbul.md": "Title: İstanbul\nDate: 1 June 2024\nTags: ı, İ, i\n\n# İstanbul\n",
    "content/late.md": "---\ntitle: Late\ndate: 2099-01-01\n---\n",
    "content/oops.md": "---\ntitle: Oops\ndate: 2024-02-30\n---\n",
    "content/a-file.txt": "as it is",
    "templates/words/en.toml": '[words]\nempty = "Nothing yet."\n',
}
WORLDS: tuple[Mapping[str, str], ...] = (
    {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "0"},
    {"TZ": "America/New_York", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"},
    {"TZ": "UTC", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "42"},
    # Without UTF-8 mode, which a locale such as de_DE.ISO-8859-1 would be without too.
    {"TZ": "Pacific/Apia", "LC_ALL": "C", "PYTHONHASHSEED": "7", "PYTHONUTF8": "0"},
)


def make(home: Path, engine: str, seed: int) -> None:
    """Write the site, its files in an order that depends on the seed."""
    names = sorted(SITE)
    random.Random(seed).shuffle(names)
    home.mkdir(parents=True)
    (home / "config.yaml").write_text(CONFIG % engine, encoding="utf-8")
    for name in names:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(SITE[name].encode())
        os.utime(home / name, (seed * 10**8, seed * 10**8))


def build(home: Path, cwd: Path, world: Mapping[str, str]) -> tuple[object, dict[str, bytes]]:
    """Build the site in another world; give what is told of it, and every file."""
    config = os.path.relpath(home / "config.yaml", cwd)
    done = subprocess.run(
        [sys.executable, "-m", "feedpub", "build", "--json", "--config", config],
        cwd=cwd,
        env={**os.environ, **world},
        capture_output=True,
        check=False,
    )

    assert 1 == done.returncode, done.stderr.decode()

    told = json.loads(done.stdout)
    del told["seconds"]
    public = home / "public"
    return told, {
        path.relative_to(public).as_posix(): path.read_bytes()
        for path in public.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("engine", ["markdown", "comrak"])
def test_same_bytes_everywhere(engine: str, tmp_path: Path) -> None:
    """Time zone, locale, hash seed, file order, file times, place and cwd change no byte."""
    make(tmp_path / "here", engine, 1)
    told, expected = build(tmp_path / "here", tmp_path / "here", {})

    assert len(expected) > CHUNK_SIZE  # so that several processes write it
    for number, world in enumerate(WORLDS):
        home = tmp_path / f"elsewhere {number}" / "ü"
        make(home, engine, number + 2)

        assert (told, expected) == build(home, (home, tmp_path)[number % 2], world), world
