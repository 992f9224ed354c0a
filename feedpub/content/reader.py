"""Read one content file into a `ParsedPost` and safe HTML; see `PostReader`.

MDX is read as Markdown, without its imports, exports, comments and expressions in attributes. Its
components become unknown elements, which the renderer reports.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Protocol
from zoneinfo import ZoneInfo

from feedpub.config.schema import Config
from feedpub.content import fields, filenames, frontmatter
from feedpub.content import tags as content_tags
from feedpub.content.assets import HTML_SUFFIXES
from feedpub.content.fields import PostFields
from feedpub.content.markup import MarkdownRenderer, RenderResult, fences
from feedpub.content.markup.limits import MarkupError
from feedpub.errors import PostError
from feedpub.models import text as models_text
from feedpub.models.content import Body, Image, ParsedPost, Problem, SourceFile

_MODULE = re.compile(
    r"import\s+(?:[\"'{*]|\w+\s*(?:,.*)?\sfrom\s)"
    r"|export\s+(?:const|let|var|function|async|class|default|[{*])"
)
_LONGEST = 200  # lines of one import or export; ends a scan of unbalanced brackets
_LINE = 500  # characters of a line that are matched against _MODULE
_TOKEN = re.compile(
    r"(?P<code>`[^`\n]*+`)|(?P<comment>\{/\*(?:[^*{]|\*(?!/)|\{(?!/\*))*+\*/\})|(?P<fragment></?>)"
    r"|(?P<name>\s[A-Za-z][\w:-]*+)=\{(?P<value>(?:[^{}`]|\{[^{}]{0,500}+\}){0,500}+)\}"
)
_STRING = re.compile(r"\s*+(?:\"([^\"<>]*)\"|'([^'\"<>]*)')\s*+")


def convert_to_markdown(body: str) -> str:
    """Return the Markdown of an MDX body, with the same number of lines."""
    lines = body.split("\n")
    written: list[str] = []
    done = 0
    for fence in fences.find_fences(lines):
        written += _prose(lines[done : fence.first_line])
        written += lines[fence.first_line : fence.last_line + 1]
        done = fence.last_line + 1
    return "\n".join([*written, *_prose(lines[done:])])


def _prose(lines: list[str]) -> list[str]:
    """Blank each line of an import or an export, and replace MDX syntax in the others."""
    written: list[str] = []
    left = 0  # lines that the current import or export may still take
    depth = 0
    for number, line in enumerate(lines):
        follows = not number or not lines[number - 1].strip() or bool(left)
        if not left and follows and _MODULE.match(line[:_LINE]):
            left, depth = _LONGEST, 0
        if left:
            depth += sum(map(line.count, "{([")) - sum(map(line.count, "})]"))
            left = left - 1 if line.strip() or depth > 0 else 0
        written.append("" if left else line)
    return _TOKEN.sub(_replace, "\n".join(written)).split("\n") if lines else []


def _replace(match: re.Match[str]) -> str:
    """Keep code, turn an attribute's string expression into text, drop everything else."""
    if match["code"]:
        return match[0]
    if match["name"]:
        text = _STRING.fullmatch(match["value"])
        return f'{match["name"]}="{text[1] or text[2] or ""}"' if text else ""
    return "\n" * match[0].count("\n")


_HEADING = re.compile(
    r"^ {0,3}#{1,6}[ \t]*[^\s#]|^\S.*\n {0,3}(?:=+|-{2,})[ \t]*$|<h[1-6][\s>]", re.MULTILINE
)
_MOST = 20  # problems reported for one file
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MARK = "\N{BYTE ORDER MARK}"


class BodyRenderer(Protocol):
    """The interface of a Markdown renderer."""

    def render(self, body: str, first_line: int, *, is_html: bool = False) -> RenderResult:
        """Render a body that begins at line `first_line` of its file."""


class PostReader:
    """Reads content files, each independently of the others."""

    def __init__(self, config: Config, renderer: BodyRenderer | None = None) -> None:
        self._zone = ZoneInfo(config.site.timezone)
        self._tags_split = config.content.tags_split
        self._pages = config.content.pages
        self._inline_tags = config.content.inline_tags
        self._renderer = renderer or MarkdownRenderer(config.markdown)

    def read(self, source: SourceFile) -> tuple[ParsedPost, Body]:
        """Return what a file says and its HTML body.

        Raises:
            PostError: the file cannot be published; the problem says why and what to do.
        """
        written = _decode(source)
        whole = models_text.strip_invalid_characters(written)
        problems = (
            () if whole == written else _limit_problems(_report_removed(source.path, written))
        )
        matter = frontmatter.parse_front_matter(whole, source.path)
        listed = filenames.matches_rooted(source.path, self._pages)
        if not matter.format:
            _check_without_front_matter(source.path, whole, listed=listed)
        said = fields.parse_fields(source.path, matter, self._zone, self._tags_split, listed=listed)
        is_mdx = source.path.lower().endswith(".mdx")
        body = convert_to_markdown(matter.body) if is_mdx else matter.body
        try:
            is_html = source.path.lower().endswith(HTML_SUFFIXES)
            rendering = self._renderer.render(body, matter.first_line, is_html=is_html)
        except MarkupError as error:
            raise _build_error(source.path, matter.first_line, str(error)) from error
        parsed_post = _build_parsed_post(
            source, said, rendering, problems, inline_tags=self._inline_tags
        )
        return parsed_post, rendering.body


def _limit_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the first problems of a file, the last one replaced if there are more."""
    few = tuple(islice(problems, _MOST + 1))
    if len(few) <= _MOST:
        return few
    last = few[_MOST - 1]
    return (
        *few[: _MOST - 1],
        Problem(last.path, last.line, "further problems are not shown"),
    )


def _decode(source: SourceFile) -> str:
    """Decode UTF-8, with or without a byte order mark. Raises PostError for other encodings."""
    try:
        return source.data.decode().removeprefix(_MARK)
    except UnicodeDecodeError:
        pass
    if source.data.startswith(_UTF16):
        raise _build_error(source.path, 1, "the file is UTF-16: save it as UTF-8")
    try:
        # Programs that split UTF-16 pairs write lone surrogates; read() strips them later.
        return source.data.decode("utf-8", "surrogatepass").removeprefix(_MARK)
    except UnicodeDecodeError as error:
        line = source.data.count(b"\n", 0, error.start) + 1
        octet = f"0x{source.data[error.start]:02X}"
        message = f"not UTF-8 (byte {octet}): save the file as UTF-8"
        raise _build_error(source.path, line, message) from error


def _report_removed(path: str, written: str) -> Iterator[Problem]:
    """Yield a problem for each line that `strip_invalid_characters` changes."""
    for line, found in groupby(models_text.find_invalid_characters(written), key=itemgetter(0)):
        codes = [name for _, name in found]
        count = f"{len(codes)} characters" if len(codes) > 1 else "a character"
        listed = ", ".join(dict.fromkeys(codes))
        yield Problem(path, line, f"removed {count} not allowed in feeds: {listed}")


def _check_without_front_matter(path: str, body: str, *, listed: bool) -> None:
    """Raise PostError for a file without front matter that cannot be published as it is.

    A page named by `content.pages`, or a post with a date in its path and a heading, needs none.
    """
    if not body.strip():
        raise _build_error(path, 1, "the file is empty")
    if listed:
        return
    dated = filenames.parse_filename(path).date
    if not dated or not _HEADING.search(body):
        raise _build_error(
            path,
            1,
            'no front matter: start the file with the lines "---", "title: …", '
            '"date: 2025-01-30" and "---"; if this is not a post, list it in content.ignore',
        )


def _build_error(path: str, line: int, message: str) -> PostError:
    return PostError(Problem(path, line, message, left_out=True))


def _build_parsed_post(
    source: SourceFile,
    said: PostFields,
    rendering: RenderResult,
    problems: tuple[Problem, ...],
    *,
    inline_tags: bool,
) -> ParsedPost:
    """Combine the front matter with the rendered body."""
    image = said.image
    if image is None and rendering.image:
        image = Image(rendering.image, rendering.image_alt)
    found = tuple(Problem(source.path, line, message) for line, message in rendering.problems)
    tags = said.tags
    if inline_tags and said.allows_inline_tags:
        tags = (*tags, *content_tags.find_inline_tags(rendering.body.pieces[::2]))
    return ParsedPost(
        path=source.path,
        digest=source.digest,
        title=said.title or rendering.first_heading or filenames.derive_title(said.stem),
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
        in_digests=said.in_digests,
        visibility=said.visibility,
        minutes=rendering.minutes,
        references=rendering.references,
        kind=said.kind,
        menu=said.menu,
        address_line=said.address_line,
        id_line=said.id_line,
        spaced_tags_line=said.spaced_tags_line,
        problems=_limit_problems((*problems, *said.problems, *found)),
        notes=_limit_problems(
            tuple(Problem(source.path, line, message) for line, message in rendering.notes)
        ),
    )
