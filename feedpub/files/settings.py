"""A configuration file → Config."""

from collections.abc import Mapping
from pathlib import Path

from feedpub import config
from feedpub.config import Config
from feedpub.errors import ConfigError, FeedpubError
from feedpub.model import Problem


def load_config(path: Path, environ: Mapping[str, str], *, sends: bool = True) -> Config:
    """Read a configuration file; `sends` is as `config.load` has it.

    Raises:
        ConfigError: it is not UTF-8, or says what it must not.
        FeedpubError: there is no such file.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise FeedpubError(
            f"{path}: no such file; `feedpub init` makes a site, --config names another file"
        ) from None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem(str(path), line, "is not in UTF-8; save it in that encoding")
        raise ConfigError((problem,)) from None
    return config.parse_config(text, str(path), environ, sends=sends)
