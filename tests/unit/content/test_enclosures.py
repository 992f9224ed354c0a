"""Pictures and enclosures as front matter gives them."""

import pytest

from feedpub.content.enclosures import (
    find_cover_image,
    parse_duration,
    parse_enclosures,
    parse_image,
)
from feedpub.content.frontmatter import Value
from feedpub.models.content import Enclosure, Image


@pytest.mark.parametrize(
    ("written", "image"),
    [
        ("cat.png", Image("cat.png", "beside")),
        ({"src": "cat.png", "alt": "A &amp; B"}, Image("cat.png", "A & B")),
        ({"image": "cat.png"}, Image("cat.png", "beside")),
        (["", {"Path": "cat.png"}], Image("cat.png", "beside")),
        ("true", None),
        ("", None),
        ({"relative": "true"}, None),
        ([], None),
    ],
)
def test_a_picture_is_an_address_a_table_or_a_list(written: Value, image: Image | None) -> None:
    """The first address found is the picture; a caption serves as alternative text."""
    assert image == parse_image(written, "beside")


def test_hugos_cover_is_found_among_the_resources() -> None:
    """A resource whose name speaks of a cover or a feature is the picture."""
    resources: Value = [
        "x",
        {"name": "chart", "src": "a.png"},
        {"name": "featuredImage", "src": "b.png", "params": {"description": "B"}},
    ]

    assert Image("b.png", "B") == find_cover_image(resources)
    assert Image("c.png", "C") == find_cover_image(
        [{"name": "cover", "src": "c.png", "title": "C"}]
    )
    assert find_cover_image([{"name": "chart", "src": "a.png"}]) is None
    assert find_cover_image("x") is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a song.mp3", Enclosure("a song.mp3")),
        (
            "https://x.org/a.mp3\n123\naudio/mpeg\n",
            Enclosure("https://x.org/a.mp3", "audio/mpeg", 123),
        ),
        ("https://x.org/a.mp3 123", Enclosure("https://x.org/a.mp3", "", 123)),
        (
            {
                "url": "a.mp3",
                "type": "Audio/MPEG",
                "length": "5",
                "title": "A",
                "duration": "1:02:03",
            },
            Enclosure("a.mp3", "audio/mpeg", 5, "A", 3723),
        ),
        ([{"href": "a.mp3", "length": "0"}], Enclosure("a.mp3", duration=60)),
    ],
)
def test_an_enclosure_is_an_address_a_table_or_a_list(written: Value, expected: Enclosure) -> None:
    """As WordPress, Jekyll and Hugo write it; a duration beside it counts for a single one."""
    duration = "60" if expected.duration == 60 else ""

    assert ((expected,), ()) == parse_enclosures(written, duration)


def test_a_duration_beside_several_belongs_to_none() -> None:
    """Two files cannot share one `duration:`."""
    found, _ = parse_enclosures(["a.mp3", "b.mp3"], "60")

    assert [0, 0] == [each.duration for each in found]


def test_faults_of_enclosures_are_told_and_the_rest_is_used() -> None:
    """A wrong length, type or duration is left out; without an address there is no enclosure."""
    found, faults = parse_enclosures(
        [{"url": "a.mp3", "length": "5 MB", "type": "mp3", "duration": "long"}, {"type": "x"}, ""]
    )

    assert (Enclosure("a.mp3"),) == found
    assert (
        'length: "5 MB" is not a number of bytes',
        'duration: "long" is neither seconds nor h:mm:ss',
        'type: "mp3" is not a media type such as "audio/mpeg"',
        "enclosure has no url",
    ) == faults


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1:02:03", 3723),
        ("62:03", 3723),
        ("3723", 3723),
        ("3723.5", 3723),
        ("PT1H2M3S", 3723),
        ("1h 2m 3s", 3723),
        ("62 min 3s", 3723),
        ("", None),
        ("1:99", None),
        ("long", None),
    ],
)
def test_a_duration_is_read_as_seconds(text: str, seconds: int | None) -> None:
    """Clock time, seconds, or hours and minutes with their letters."""
    assert seconds == parse_duration(text)
