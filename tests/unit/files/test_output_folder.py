"""What lies compressed beside a file."""

import gzip
import random

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.files.output_folder import compress, get_compressed_names

TEXT = b"<p>the same words again</p>" * 100


def test_names() -> None:
    """Text may lie beside compressed in each coding; pictures and what has no suffix may not."""
    names = {"a/b.HTML.gz": "gzip", "a/b.HTML.br": "br"}

    assert names == get_compressed_names("a/b.HTML", ("gzip", "br"))
    assert {"rss.xml.br": "br"} == get_compressed_names("rss.xml", ("br",))
    assert {} == get_compressed_names("rss.xml", ())
    assert {} == get_compressed_names("cat.png", ("gzip",))
    assert {} == get_compressed_names("CNAME", ("gzip",))


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_the_same_bytes(coding: str) -> None:
    """What is compressed can be read back, and is the same every time: it holds no date."""
    small = compress(TEXT, coding)

    assert small is not None
    assert small == compress(TEXT, coding)
    assert len(small) < len(TEXT)
    if coding == "gzip":
        assert bytes(4) == small[4:8]


@pytest.mark.parametrize("coding", ["gzip", "br"])
@given(data=st.binary(max_size=50).map(lambda each: each * 40))
def test_never_larger(coding: str, data: bytes) -> None:
    """What is small, or would not become smaller, stays as it is."""
    small = compress(data, coding)

    if small is None:
        return
    assert 1024 <= len(data)
    assert len(small) < len(data)
    assert data == (gzip.decompress(small) if coding == "gzip" else brotli.decompress(small))


def test_what_cannot_become_smaller() -> None:
    """Chance cannot be compressed."""
    noise = random.Random(1).randbytes(3000)

    assert compress(noise, "gzip") is None
    assert compress(noise, "br") is None
