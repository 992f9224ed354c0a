"""What a file's path says of its post."""

import pytest

from feedpub.config.schema import Config, ContentConfig, SiteConfig
from feedpub.content.filenames import PostName, find_date, is_ignored, is_in_drafts, parse_filename


def config(*patterns: str) -> Config:
    """Give a config that ignores some patterns."""
    return Config(SiteConfig("A site", "https://example.org/"), ContentConfig(ignore=patterns))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("hello.md", PostName("hello", "")),
        ("a/b/hello.markdown", PostName("hello", "")),
        ("2025-01-30-hello.md", PostName("hello", "2025-01-30")),
        ("2025-1-3-hello.MD", PostName("hello", "2025-01-03")),
        ("2025_01_30_hello.mdx", PostName("hello", "2025-01-30")),
        ("2025-01-30 Hello you.md", PostName("Hello you", "2025-01-30")),
        ("20250130-hello.md", PostName("hello", "2025-01-30")),
        ("20259930-hello.md", PostName("20259930-hello", "")),
        ("2025-01-30.md", PostName("2025-01-30", "2025-01-30")),
        ("2025-99-30-hello.md", PostName("hello", "2025-99-30")),
        ("2025-01-30-hello.aspx.markdown", PostName("hello", "2025-01-30")),
        ("hello.html.md", PostName("hello", "")),
        ("hello.mkd", PostName("hello", "")),
        ("2025-01-30-hello.MDOWN", PostName("hello", "2025-01-30")),
        ("hello.world.text", PostName("hello.world", "")),
        ("1.88.0.md", PostName("1.88.0", "")),
        ("posts/hello/index.md", PostName("hello", "")),
        ("posts/2025-01-30-hello/index.md", PostName("hello", "2025-01-30")),
        ("posts/hello/index.de.md", PostName("hello", "")),
        ("2025/1/30/hello.md", PostName("hello", "2025-01-30")),
        ("index.md", PostName("index", "")),
    ],
)
def test_a_name_tells_slug_and_date(path: str, name: PostName) -> None:
    """Jekyll's file names, page bundles and dated folders; a suffix is no part of the slug."""
    assert name == parse_filename(path)


@pytest.mark.parametrize(
    ("address", "date"),
    [
        ("2024/01/30/x", "2024-01-30"),
        ("inside-rust/2020/1/3/x", "2020-01-03"),
        ("https://example.org/2024/01/30/", "2024-01-30"),
        ("/2024/01/x", ""),
        ("12024/01/30", ""),
    ],
)
def test_an_address_may_hold_a_date(address: str, date: str) -> None:
    """Year, month and day as three segments of a path are a date."""
    assert date == find_date(address)


def test_jekylls_drafts_are_known_by_their_folder() -> None:
    """A file in `_drafts` is a draft; one called so is not."""
    assert is_in_drafts("blog/_drafts/x.md")
    assert not is_in_drafts("blog/_drafts")


@pytest.mark.parametrize(
    "path",
    [
        "_index.md",
        "posts/_index.md",
        ".hidden.md",
        ".obsidian/x.md",
        "README.md",
        "docs/readme.markdown",
        "README",
        "README.txt",
        "readme.de.md",
        "README.zh-CN.mdown",
        "readme.zh_hant_tw.md",
        "_includes/x.md",
        "_site/2024/x.md",
    ],
)
def test_what_is_no_post_is_ignored(path: str) -> None:
    """Names beginning with _ or ., READMEs, and folders in which Jekyll keeps other things."""
    assert is_ignored(path, config())


@pytest.mark.parametrize(
    "path",
    [
        *("_posts/x.md", "_news/x.md", "a_b.md", "_drafts/x.md"),
        *("README-driven development.md", "readme.so-review.md", "README.xyz.md", "readmes.md"),
    ],
)
def test_posts_with_odd_names_are_posts(path: str) -> None:
    """Jekyll's collections are folders with a _; a post may be about READMEs."""
    assert not is_ignored(path, config())


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("drafts/", "drafts/x.md", True),
        ("drafts/", "a/drafts/b/x.md", True),
        ("drafts/", "drafts.md", False),
        ("/drafts", "a/drafts/x.md", False),
        ("/drafts", "drafts/x.md", True),
        ("*.bak.md", "a/x.bak.md", True),
        ("*.bak.md", "a/xbak.md", False),
        ("a/*.md", "a/x.md", True),
        ("a/*.md", "a/b/x.md", False),
        ("a/**/x.md", "a/b/c/x.md", True),
        ("a/**/x.md", "a/x.md", True),
        ("**/x.md", "x.md", True),
        ("a/**", "a/b/x.md", True),
        ("a/**", "ab/x.md", False),
        ("a**.md", "abc.md", True),
        ("x?.md", "x1.md", True),
        ("x?.md", "x.md", False),
        ("x[0-9].md", "x5.md", True),
        ("x[!0-9].md", "x5.md", False),
        ("x[a\\].md", "xa.md", True),
        ("x[.md", "x[.md", True),
        ("x.md", "y/x.md", True),
        ("x", "y/x/z.md", True),
        ("x.md", "xxmd", False),
        ("# x.md", "x.md", False),
        ("", "x.md", False),
    ],
)
def test_patterns_are_those_of_gitignore(pattern: str, path: str, *, expected: bool) -> None:
    """`content.ignore` means what the same lines mean in .gitignore."""
    assert expected == is_ignored(path, config(pattern))


def test_the_last_pattern_that_matches_decides() -> None:
    """`!` takes a file back."""
    chosen = config("*.md", "!keep.md")

    assert is_ignored("x.md", chosen)
    assert not is_ignored("keep.md", chosen)
