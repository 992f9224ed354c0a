"""A configuration file, and what is said of one that cannot be read."""

from pathlib import Path

import pytest

from feedpub.app import load_config
from feedpub.errors import ConfigError, FeedpubError


def test_read(tmp_path: Path) -> None:
    """A configuration file becomes a configuration."""
    path = tmp_path / "config.yaml"
    path.write_text("site: {title: Notes, url: 'https://${HOST}/'}")
    actual = load_config(path, {"HOST": "example.org"})

    assert actual.site.url == "https://example.org/"


@pytest.mark.parametrize("name", ["none.yaml", ".", "file/none.yaml"])
def test_no_file(tmp_path: Path, name: str) -> None:
    """Where there is no file, what to do is said."""
    (tmp_path / "file").touch()
    with pytest.raises(FeedpubError, match="no such file; run `feedpub init`"):
        load_config(tmp_path / name, {})


def test_not_utf_8(tmp_path: Path) -> None:
    """A file in another encoding is told of with the line."""
    path = tmp_path / "config.yaml"
    path.write_bytes(b"site:\n  title: caf\xe9\n")
    with pytest.raises(ConfigError, match=r"config\.yaml:2: is not UTF-8"):
        load_config(path, {})
