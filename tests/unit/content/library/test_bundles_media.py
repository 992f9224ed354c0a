"""The name of a file tells its media type."""

import pytest

from feedpub.content.library.bundles import guess_media_type


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a/episode.mp3", "audio/mpeg"),
        ("https://example.org/Episode.M4A?x=1.zip", "audio/mp4"),
        ("https://example.org/a.opus#t=1.png", "audio/ogg"),
        ("talk.pdf", "application/pdf"),
        ("https://example.org/picture.webp", "image/webp"),
        ("https://example.org/a.b/file", "application/octet-stream"),
        ("https://example.org/file.unknown", "application/octet-stream"),
        ("https://[broken/film.mp4", "video/mp4"),
        ("", "application/octet-stream"),
    ],
)
def test_media_type(url: str, expected: str) -> None:
    """The suffix decides, in any letter case, whatever follows the path."""
    found = guess_media_type(url)

    assert expected == found
