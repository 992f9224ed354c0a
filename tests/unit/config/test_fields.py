"""A value that is used and never shown."""

import copy
import pickle

from feedpub.config.fields import Secret


def test_a_secret_is_its_text() -> None:
    """It is equal to its text, and is used as it is."""
    secret = Secret("hush", "${KEY}")

    assert "hush" == secret
    assert {"hush"} == {secret}
    assert "hush" == f"{secret}"
    assert str is type(str(secret))


def test_a_secret_is_not_shown() -> None:
    """What is shown is what stands for it, of a copy as well."""
    secret = Secret("hush", "${KEY}")

    for each in (secret, copy.copy(secret), pickle.loads(pickle.dumps(secret))):  # noqa: S301
        assert "hush" == each
        assert "'${KEY}'" == repr(each)
