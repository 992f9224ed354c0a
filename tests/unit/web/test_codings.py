"""Which codings a client wants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.web.codings import accepted


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ()),
        ("gzip", ("gzip",)),
        ("gzip, deflate, br, zstd", ("br", "gzip")),
        ("gzip;q=1.0, br;q=0.5", ("gzip", "br")),
        ("br;q=0, gzip", ("gzip",)),
        ("BR ; Q=0.3", ("br",)),
        ("x-gzip", ("gzip",)),
        ("*", ("br", "gzip")),
        ("*;q=0", ()),
        ("*;q=0.1, br;q=0", ("gzip",)),
        ("identity, gzip;q=0.5", ()),
        ("identity;q=0.5, gzip;q=0.5", ("gzip",)),
        ("identity;q=0", ()),
        ("gzip;q=2, br;q=0.0001, ;;", ()),
        ("gzip;q=0.", ()),
        ("deflate", ()),
    ],
)
def test_accept_encoding(header: str, expected: tuple[str, ...]) -> None:
    """The heavier comes first, the smaller one of equals; plain wins over what weighs less."""
    assert expected == accepted(header)


@given(st.text(st.sampled_from('gzipbr*identity;q=0.15, \t"\xff'), max_size=40))
def test_any_header(header: str) -> None:
    """Whatever is written there, what comes of it is some of what there is."""
    assert set(accepted(header)) <= {"br", "gzip"}
