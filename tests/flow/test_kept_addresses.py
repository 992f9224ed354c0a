"""Ids and addresses stay what the first release published them as."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from example import Built
from folders import Site

CONFIG = """\
site: {title: Site, url: "https://example.org/"}
feeds: {formats: [json], kinds: [site], limit: 0}
"""
CORPORA = {
    "jakevdp": (62, "09a12a576e47012993d9c05e08cf7fb5"),
    "scientific-python": (77, "46b5e7caee2628e603d94d55fbe0e97b"),
}
"""How many posts the first release published of each, and the digest of their ids and addresses."""


def published(feed: Path) -> tuple[int, str]:
    """Count the posts of a feed, and digest their ids and addresses."""
    items = json.loads(feed.read_text(encoding="utf-8"))["items"]
    lines = "\n".join(sorted(f"{item['id']} {item['url']}" for item in items))
    return len(items), hashlib.sha256(lines.encode()).hexdigest()[:32]


def test_those_of_the_example(example: Built) -> None:
    """Readers of the example site see no post twice, and no link of theirs is dead."""
    assert published(example.public / "feed.json") == (9, "3030e6a7d8b33aba1fc028831d8cfbd5")


@pytest.mark.parametrize("name", CORPORA)
def test_those_of_real_blogs(name: str, tmp_path: Path) -> None:
    """Posts as people wrote them, where `FEEDPUB_CORPORA` names the folder that has them."""
    folder = os.environ.get("FEEDPUB_CORPORA")
    if not folder:
        pytest.skip("FEEDPUB_CORPORA is not set")
    site = Site(tmp_path)
    site.config(CONFIG)
    shutil.copytree(Path(folder) / name, site.content, dirs_exist_ok=True)
    site.build()

    assert published(site.public / "feed.json") == CORPORA[name]
