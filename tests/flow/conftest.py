"""What the flows share: the example site, built once."""

import pytest
from example import Built, build


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The example site of the root, built."""
    return build(tmp_path_factory.mktemp("example"))
