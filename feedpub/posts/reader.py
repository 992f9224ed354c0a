"""A source file becomes a manuscript and its safe HTML, or an error with the place to mend."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Protocol
from zoneinfo import ZoneInfo

from feedpub import text
from feedpub.config import Config
from feedpub.errors import PostError
from feedpub.markup import MarkupError, Renderer, Rendering, mdx
from feedpub.model import Body, Image, Manuscript, Problem, Source
from feedpub.posts import fields, frontmatter, names, subjects
from feedpub.posts.assets import HTML
from feedpub.posts.fields import Fields

_HEADING = re.compile(
    r"^ {0,3}#{1,6}[ \t]*[^\s#]|^\S.*\n {0,3}(?:=+|-{2,})[ \t]*$|<h[1-6][\s>]", re.MULTILINE
)
_MOST = 20  # problems of one file that are told
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MARK = "\N{BYTE ORDER MARK}"


class Renders(Protocol):
    """What turns Markdown into safe HTML."""

    def render(self, body: str, first_line: int, *, is_html: bool = False) -> Rendering:
        """Render a body whose first line is `first_line` of its file."""


class Reader:
    """Reads content files, each by itself."""

    def __init__(self, config: Config, renderer: Renders | None = None) -> None:
        self._zone = ZoneInfo(config.site.timezone)
        self._tags_split = config.content.tags_split
        self._pages = config.content.pages
        self._inline_tags = config.content.inline_tags
        self._renderer = renderer or Renderer(config.markdown)

    def read(self, source: Source) -> tuple[Manuscript, Body]:
        """Return what a file says, and its HTML.

        Raises:
            PostError: the file cannot be published; the problem says what to do.
        """
        written = _decoded(source)
        whole = text.clean(written)
        problems = () if whole == written else _first(_removed(source.path, written))
        matter = frontmatter.split(whole, source.path)
        listed = names.listed(source.path, self._pages)
        if not matter.format:
            _check_bare(source.path, whole, listed=listed)
        said = fields.understand(source.path, matter, self._zone, self._tags_split, listed=listed)
        is_mdx = source.path.lower().endswith(".mdx")
        body = mdx.as_markdown(matter.body) if is_mdx else matter.body
        try:
            is_html = source.path.lower().endswith(HTML)
            rendering = self._renderer.render(body, matter.first_line, is_html=is_html)
        except MarkupError as error:
            raise _refused(source.path, matter.first_line, str(error)) from error
        manuscript = _manuscript(source, said, rendering, problems, inline_tags=self._inline_tags)
        return manuscript, rendering.body


def _first(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the first few problems of a file, and say where there are more."""
    few = tuple(islice(problems, _MOST + 1))
    if len(few) <= _MOST:
        return few
    last = few[_MOST - 1]
    return (
        *few[: _MOST - 1],
        Problem(last.path, last.line, "from here on there are more problems"),
    )


def _decoded(source: Source) -> str:
    """Decode a file, with or without a byte order mark. Raises PostError for other encodings."""
    try:
        return source.data.decode().removeprefix(_MARK)
    except UnicodeDecodeError:
        pass
    if source.data.startswith(_UTF16):
        raise _refused(source.path, 1, "the file is UTF-16: save it as UTF-8")
    try:
        # Programs that take UTF-16 for characters write half of a pair; `clean` removes it.
        return source.data.decode("utf-8", "surrogatepass").removeprefix(_MARK)
    except UnicodeDecodeError as error:
        line = source.data.count(b"\n", 0, error.start) + 1
        octet = f"0x{source.data[error.start]:02X}"
        message = f"not UTF-8 (there is a byte {octet}): save the file as UTF-8"
        raise _refused(source.path, line, message) from error


def _removed(path: str, written: str) -> Iterator[Problem]:
    """Tell, line by line, which characters `text.clean` took away."""
    for line, found in groupby(text.dirty(written), key=itemgetter(0)):
        codes = [name for _, name in found]
        count = f"{len(codes)} characters" if len(codes) > 1 else "a character"
        listed = ", ".join(dict.fromkeys(codes))
        yield Problem(path, line, f"removed {count} that feeds cannot carry: {listed}")


def _check_bare(path: str, body: str, *, listed: bool) -> None:
    """Raise PostError for a file without front matter unless its name and heading will do."""
    if not body.strip():
        raise _refused(path, 1, "the file is empty")
    if listed:
        return
    dated = names.read(path).date
    if not dated or not _HEADING.search(body):
        raise _refused(
            path,
            1,
            'no front matter: begin the file with the lines "---", "title: …", '
            '"date: 2025-01-30" and "---"; if this is no post, name it under content.ignore',
        )


def _refused(path: str, line: int, message: str) -> PostError:
    return PostError(Problem(path, line, message, left_out=True))


def _manuscript(
    source: Source,
    said: Fields,
    rendering: Rendering,
    problems: tuple[Problem, ...],
    *,
    inline_tags: bool,
) -> Manuscript:
    """Join what the front matter says with what the body says."""
    image = said.image
    if image is None and rendering.image:
        image = Image(rendering.image, rendering.image_alt)
    found = tuple(Problem(source.path, line, message) for line, message in rendering.problems)
    tags = said.tags
    if inline_tags and said.takes_inline_tags:
        tags = (*tags, *subjects.in_text(rendering.body.pieces[::2]))
    return Manuscript(
        path=source.path,
        digest=source.digest,
        title=said.title or rendering.first_heading or names.title(said.stem),
        published=said.published,
        offset=said.offset,
        updated=said.updated,
        id=said.id,
        slug=said.slug,
        stem=said.stem,
        permalink=said.permalink,
        authors=said.authors,
        tags=tags,
        categories=said.categories,
        summary=said.summary or rendering.summary,
        language=said.language,
        translation_key=said.translation_key,
        translation_of=said.translation_of,
        image=image,
        enclosures=said.enclosures,
        canonical_url=said.canonical_url,
        aliases=said.aliases,
        redirect_from=said.redirect_from,
        redirect_to=said.redirect_to,
        draft=said.draft,
        expires=said.expires,
        mailed=said.mailed,
        visibility=said.visibility,
        minutes=rendering.minutes,
        references=rendering.references,
        kind=said.kind,
        menu=said.menu,
        address_line=said.address_line,
        id_line=said.id_line,
        spaced_line=said.spaced_line,
        problems=_first((*problems, *said.problems, *found)),
        notes=_first(
            tuple(Problem(source.path, line, message) for line, message in rendering.notes)
        ),
    )
