"""Which codings a client wants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.web.static import negotiate_encodings


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
        ("gzip;q=0.5;q=1", ()),
        ("gzip;level=1", ()),
        ("a," * 90 + "gzip", ("gzip",)),
        ("a," * 100 + "gzip", ()),
    ],
)
def test_accept_encoding(header: str, expected: tuple[str, ...]) -> None:
    """The heavier comes first, the smaller one of equals; plain wins over what weighs less."""
    assert expected == negotiate_encodings(header)


@given(st.text(st.sampled_from('gzipbr*identity;q=0.15, \t"\xff'), max_size=40))
def test_any_header(header: str) -> None:
    """Whatever is written there, what comes of it is some of what there is."""
    assert set(negotiate_encodings(header)) <= {"br", "gzip"}
