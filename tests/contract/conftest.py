"""One suite, every database: SQLite in a file, and a real PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import postgres
import pytest
from mailings import Place

from feedpub import storage
from feedpub.storage import Store

TEMPLATE = "template_of_tests"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """Give a server for all tests, with a template of a database that is up to date."""
    folder = tmp_path_factory.mktemp("postgres")
    with postgres.started() as server:
        storage.open_store(server.create(TEMPLATE), folder).close()
        yield server


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a database that is up to date."""
    folder = tmp_path_factory.mktemp("sqlite")
    storage.open_store("", folder).close()
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Place]]:
    """Give what makes databases, each new and empty."""
    numbers = count()
    with ExitStack() as ends:
        if request.param == "sqlite":
            template: Path = request.getfixturevalue("template")

            def make() -> Place:
                return Place("", shutil.copytree(template, tmp_path / f"state-{next(numbers)}"))

        else:
            server: postgres.Server = request.getfixturevalue("server")

            def make() -> Place:
                name = f"{tmp_path.parent.name}_{tmp_path.name}_{next(numbers)}"[-60:]
                ends.callback(server.drop, name)
                return Place(server.create(name, TEMPLATE), tmp_path)

        yield make


@pytest.fixture
def place(fresh: Callable[[], Place]) -> Place:
    """Give one database, new and empty."""
    return fresh()


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """Give that database, open."""
    store = place.open()
    yield store
    store.close()
