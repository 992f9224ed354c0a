"""The Nu HTML checker, which is W3C's, finds nothing wrong in the pages."""

import json
import subprocess

import pytest
from example import Built
from programs import nu_checker


@pytest.mark.timeout(300)  # it may have to be installed first
def test_the_example_pages_are_valid(example: Built) -> None:
    """No page of the example site has an error."""
    done = subprocess.run(
        [
            *nu_checker(),
            "--errors-only",
            "--skip-non-html",
            "--format",
            "json",
            str(example.public),
        ],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    messages = json.loads(done.stderr)["messages"]

    assert list(example.public.rglob("*.html"))
    assert [] == [
        f"{message.get('url')}:{message.get('lastLine')}: {message['message']}"
        for message in messages
    ]
