"""The configuration in force."""

from pathlib import Path
from threading import Event

import pytest
from folders import CONFIG, NOW
from folders import Site as Folder

from feedpub.daemon.settings import CurrentSite
from feedpub.errors import ConfigError, FeedpubError


def test_it_is_read_again_only_when_asked_to(tmp_path: Path) -> None:
    """What is on the disk counts from then on, and only if it is right."""
    folder = Folder(tmp_path)
    site = CurrentSite(folder.request(), Event(), lambda: NOW)

    assert not site.has_config_changed()
    assert not site.reload()

    folder.config(CONFIG.replace("Example & Co", "Renamed"))

    assert site.has_config_changed()
    assert "Example & Co" == site.build_request(NOW).config.site.title  # type: ignore[union-attr]
    assert site.reload()
    assert "Renamed" == site.config.site.title

    folder.config("site: {}")
    with pytest.raises(ConfigError):
        site.reload()

    assert not site.has_config_changed()
    assert "Renamed" == site.config.site.title

    (tmp_path / "config.yaml").unlink()

    assert site.has_config_changed()

    with pytest.raises(FeedpubError, match="no such file"):
        site.reload()

    assert "Renamed" == site.config.site.title
    assert tmp_path / ".feedpub" == site.state_folder
