"""A source file as a manuscript and its HTML."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config.schema import Config, SiteConfig
from feedpub.content.markup import RenderResult
from feedpub.content.markup.limits import MarkupError
from feedpub.content.reader import PostReader
from feedpub.errors import PostError
from feedpub.models.content import Body, Image, ParsedPost, Problem, Reference, SourceFile

CONFIG = Config(SiteConfig("A site", "https://example.org/"))
HEAD = b"---\ntitle: Given\ndate: 2025-01-30\n---\n"


class Printer:
    """Renders nothing, but tells what it was asked to render."""

    def __init__(self, heading: str = "") -> None:
        """Give every rendering this first heading."""
        self.heading = heading
        self.bodies: list[tuple[str, int]] = []

    def render(self, body: str, first_line: int, *, is_html: bool = False) -> RenderResult:  # noqa: ARG002
        """Give a rendering with something in every field."""
        self.bodies.append((body, first_line))
        if "deep" in body:
            raise MarkupError("nested too deeply")
        picture = "cat.png" if "cat" in body else ""
        return RenderResult(
            body=Body(("<p>body</p>",)),
            references=(Reference("cat.png", 7),),
            first_heading=self.heading,
            summary="From the body",
            image=picture,
            image_alt="A cat",
            minutes=3,
            problems=((9, "a picture without a description"),),
        )


def read(data: bytes, path: str = "my-first_post.md", heading: str = "") -> ParsedPost:
    """Read a file's bytes."""
    return PostReader(CONFIG, Printer(heading)).read(SourceFile(path, data, "d1"))[0]


def refused(data: bytes, path: str = "x.md") -> str:
    """Give the message with which a file is left out."""
    with pytest.raises(PostError) as caught:
        read(data, path)
    assert caught.value.problem.left_out
    return str(caught.value.problem)


def test_front_matter_and_body_become_one_manuscript() -> None:
    """What the file gives wins; the rest is taken from the body."""
    printer = Printer("Heading")
    manuscript, html = PostReader(CONFIG, printer).read(SourceFile("x.md", HEAD + b"a cat", "d1"))

    assert Body(("<p>body</p>",)) == html
    assert [("a cat", 5)] == printer.bodies
    assert ("x.md", "d1", "Given", "x") == (
        manuscript.path, manuscript.digest, manuscript.title, manuscript.stem,
    )  # fmt: skip
    assert datetime(2025, 1, 30, tzinfo=UTC) == manuscript.published
    assert "From the body" == manuscript.summary
    assert Image("cat.png", "A cat") == manuscript.image
    assert 3 == manuscript.minutes
    assert (Reference("cat.png", 7),) == manuscript.references
    assert (Problem("x.md", 9, "a picture without a description"),) == manuscript.problems


def test_a_summary_and_an_image_that_are_given_win() -> None:
    """The body's are for posts that give none."""
    lines = b"---\ndate: 2025-01-30\nsummary: Mine\nimage: dog.png\n---\ncat"

    assert ("Mine", Image("dog.png")) == (read(lines).summary, read(lines).image)
    assert read(HEAD).image is None


@pytest.mark.parametrize(
    ("path", "heading", "title"),
    [
        ("my-first_post.md", "Heading", "Heading"),
        ("my-first_post.md", "", "My first post"),
        ("2025-01-30-my-first-post.md", "", "My first post"),
        ("2025-01-30.md", "", "2025-01-30"),
        ("人工智能.md", "", "人工智能"),
        ("\udcff.md", "", "Untitled"),
    ],
)
def test_a_missing_title_is_the_heading_or_the_name(path: str, heading: str, title: str) -> None:
    """The first heading, then the file's name in words; never nothing."""
    assert title == read(b"---\ndate: 2025-01-30\n---\n", path, heading).title


def test_a_bom_and_windows_line_ends_change_nothing() -> None:
    """The same file, as Windows programs save it, is the same manuscript."""
    other = b"\xef\xbb\xbf" + (HEAD + b"a\n").replace(b"\n", b"\r\n")

    assert read(HEAD + b"a\n") == read(other)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b"---\ntitle: caf\xe9\n---\n",
            "x.md:2: not UTF-8 (byte 0xE9): save the file as UTF-8",
        ),
        (b"\xff\xfe-\0", "x.md:1: the file is UTF-16: save it as UTF-8"),
        (b" \n", "x.md:1: the file is empty"),
        (HEAD + b"deep", "x.md:5: nested too deeply"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(data: bytes, message: str) -> None:
    """Other encodings, empty files, and Markdown nested without end."""
    assert message == refused(data)


def test_removed_characters_are_told_line_by_line() -> None:
    """Control characters, noncharacters and lone surrogates go, and a warning gives the place."""
    data = HEAD + b"a\x08b\x08\x0c\n\xef\xb7\x90\n\xed\xa0\x80"
    told = [str(problem) for problem in read(data, "x.md").problems[:-1]]

    assert [
        "x.md:5: removed 3 characters not allowed in feeds: U+0008, U+000C",
        "x.md:6: removed a character not allowed in feeds: U+FDD0",
        "x.md:7: removed a character not allowed in feeds: U+D800",
    ] == told


@pytest.mark.parametrize(
    "body",
    ["# Heading\n\ntext", "\n\n## Heading", "Heading\n===\n", "<h1>Heading</h1>", "#Heading"],
)
def test_a_heading_and_a_dated_name_do_without_front_matter(body: str) -> None:
    """Such a file has all that a post needs."""
    assert "Heading" == read(body.encode(), "2025-01-30-x.md", "Heading").title


@pytest.mark.parametrize(
    ("path", "body"),
    [("x.md", "# Heading"), ("2025-01-30-x.md", "text"), ("2025-01-30-x.md", "##")],
)
def test_other_files_without_front_matter_are_left_out(path: str, body: str) -> None:
    """The message shows the lines to add, or how to say that this is no post."""
    assert (
        f'{path}:1: no front matter: start the file with the lines "---", "title: …", '
        '"date: 2025-01-30" and "---"; if this is not a post, list it in content.ignore'
    ) == refused(body.encode(), path)


def test_a_file_left_out_is_never_rendered() -> None:
    """Rendering is the dear part: what cannot be published is found out before it."""
    printer = Printer()
    with pytest.raises(PostError):
        PostReader(CONFIG, printer).read(SourceFile("x.md", b"---\ndate: soon\n---\nbody", "d1"))

    assert [] == printer.bodies


def test_markdown_is_rendered_by_the_sites_engine() -> None:
    """Without a renderer of its own, the reader makes the one the config names."""
    manuscript, html = PostReader(CONFIG).read(
        SourceFile("x.md", b"---\ndate: 2025-01-30\n---\n# A *heading*\n\n[x](y.md)\n", "d1")
    )

    assert "A heading" == manuscript.title
    assert "y.md" == html.pieces[1]
    assert [Reference("y.md", 6)] == [each for each in manuscript.references if each.line == 6]


@given(st.binary() | st.text().map(lambda text: HEAD + text.encode(errors="replace")))
def test_any_bytes_are_a_manuscript_or_a_problem(data: bytes) -> None:
    """No file stops a build."""
    problem = None
    try:
        title = read(data).title
    except PostError as error:
        title, problem = "", error.problem

    assert title or (problem and problem.left_out)
