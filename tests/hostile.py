"""Posts of careless and of hostile authors, each of which once cost more than one post may."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

HEAD = "---\ntitle: Bad\ndate: 2025-01-30\n{more}---\n"
DEEP = 100_000
LARGE = 900_000


def posts() -> dict[str, bytes]:
    """Return some fifty of them, by name."""
    found = {**dict(_matters()), **dict(_bodies())}
    return {name: data.encode() if isinstance(data, str) else data for name, data in found.items()}


def write(content: Path, large: int = 0) -> None:
    """Write them into a content folder; and one file of a single line of so many octets."""
    for name, data in posts().items():
        (content / f"bad-{name}.md").write_bytes(data)
    if large:
        with (content / "bad-large.md").open("wb") as file:
            file.write(HEAD.format(more="").encode())
            file.truncate(large)


def _matter(more: str, body: str = "Text.\n") -> str:
    return HEAD.format(more=more) + body


def _body(body: str) -> str:
    return _matter("", body)


def _matters() -> Iterator[tuple[str, str | bytes]]:
    """Yield posts whose front matter is the trap."""
    levels = "abcdefghijklmnopqrstu"
    laughs = "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise(levels)
    )
    yield "aliases", _matter(f"a: &a [x, x]\n{laughs}tags: *u\n")
    yield (
        "aliases-of-tables",
        _matter(
            "a: &a {x: 1, y: 2}\n"
            + "".join(
                f"k{n}: &b{n} {{p: *b{n - 1}, q: *b{n - 1}}}\n" for n in range(1, 40)
            ).replace("*b0", "*a")
            + "author: *b39\n"
        ),
    )
    yield (
        "merges",
        _matter(
            "a: &a {" + ", ".join(f"k{n}: 1" for n in range(3000)) + "}\n"
            "b: {" + ", ".join(["<<: *a"] * 3000) + "}\n"
        ),
    )
    yield "deep-yaml", _matter(f"tags: {'[' * DEEP}{']' * DEEP}\n")
    yield "deep-open-yaml", _matter(f"tags: {'{a: ' * 50_000}\n")
    yield "deep-block-yaml", _matter("tags:\n" + "- " * 30_000 + "x\n")
    yield (
        "deep-json",
        '{"title": "Bad", "date": "2025-01-30", "tags": ' + "[" * DEEP + "]" * DEEP + "}",
    )
    yield "deep-open-json", '{"title": "Bad", "date": "2025-01-30", "tags": ' + '{"a":' * DEEP
    yield (
        "deep-toml",
        f"+++\ntitle = 'Bad'\ndate = 2025-01-30\ntags = {'[' * 9000}{']' * 9000}\n+++\nx\n",
    )
    yield "dotted-toml", f"+++\ntitle = 'Bad'\ndate = 2025-01-30\n{'a.' * 9000}a = 1\n+++\nx\n"
    yield "digits-toml", f"+++\ntitle = 'Bad'\ndate = 2025-01-30\nweight = {'9' * 4301}\n+++\nx\n"
    yield "digits-json", '{"title": "Bad", "date": "2025-01-30", "weight": ' + "9" * 5000 + "}\nx\n"
    yield "digits-date", f"---\ntitle: Bad\ndate: {'9' * 5000}\n---\nText.\n"
    yield "digits-duration", _matter(f"enclosure: {{url: a.mp3, length: {'9' * 5000}}}\n")
    yield "digits-year", f"---\ntitle: Bad\ndate: 2025-01-{'0' * 5000}1\n---\nText.\n"
    yield "spaces-date", f"---\ntitle: Bad\ndate: 2025-01-30{' ' * 60_000}x\n---\nText.\n"
    yield "spaces-people", _matter(f"author: Ann{' ' * 60_000}<\n")
    yield "spaces-title", f"---\ntitle: a{' ' * 60_000}b <\ndate: 2025-01-30\n---\nText.\n"
    yield "long-line", _matter(f"summary: {'word ' * 100_000}\n")
    yield "brackets-summary", _matter(f"summary: '{'![' * 20_000}{'](' * 10_000}'\n")
    yield "pairs-title", f"---\ntitle: '{'<b>' * 9_000}x'\ndate: 2025-01-30\n---\nText.\n"
    yield "many-tags", _matter(f"tags: [{', '.join(f't{n}' for n in range(5_000))}]\n")
    yield "many-authors", _matter(f"authors: [{', '.join(f'A{n}' for n in range(5_000))}]\n")
    yield "many-keys", _matter("".join(f"kye{n}: 1\n" for n in range(50_000)))
    yield "same-keys", _matter("tag: a\n" * 30_000)
    yield "deep-permalink", _matter(f"permalink: /{'a/' * 2_000}\n")
    yield "slugs-permalink", _matter("permalink: /" + ":title/" * 2_000 + "\n")
    yield "long-slug", _matter(f"slug: {'a' * 20_000}\n")
    yield "long-tag", _matter(f"tags: [{'é' * 20_000}]\n")
    yield "long-author", _matter(f"author: {'字' * 10_000}\n")
    yield "controls", _matter("", "a\x01\n" * 200_000)


def _bodies() -> Iterator[tuple[str, str | bytes]]:
    """Yield posts whose Markdown is the trap."""
    yield "quotations", _body(">" * DEEP + " x\n")
    yield "spaced-quotations", _body("> " * DEEP + "x\n")
    yield "lists", _body("- " * 50_000 + "x\n")
    yield "nested-lists", _body("".join(f"{'  ' * n}- x\n" for n in range(900)))
    yield "divs", _body("<div>" * DEEP + "x\n")
    yield "spans", _body("x " + "<span><b>" * 50_000 + "\n")
    yield "formatting", _body("".join(f'<font size="{n}"><b><i><u>\n\nx\n\n' for n in range(3000)))
    yield "brackets", _body("[" * DEEP + "\n")
    yield "closed-brackets", _body("[" * 50_000 + "]" * 50_000 + "\n")
    yield "links", _body("[a](" * 50_000 + "\n")
    yield "pictures", _body("![" * 50_000 + "](" * 50_000 + "\n")
    yield "emphasis", _body("*a _b " * 60_000 + "\n")
    yield "stars", _body("**" * 200_000 + "x\n")
    yield "backticks", _body("".join("`" * n + " " for n in range(1, 1200)) + "\n")
    yield "headings", _body("[TOC]\n\n" + "# Same\n\n" * 20_000)
    yield "contents", _body("[TOC]\n\n" * 3_000 + "".join(f"# H{n}\n\n" for n in range(3_000)))
    yield "table", _body("|a" * 2_000 + "|\n" + "|-" * 2_000 + "|\n" + "|x\n" * 50_000)
    yield (
        "footnotes",
        _body(
            "".join(f"[^{n}] " for n in range(8_000))
            + "\n\n"
            + "".join(f"[^{n}]: n\n\n" for n in range(8_000))
        ),
    )
    yield "references", _body(f"[a]: https://example.org/{'x' * 60_000}\n\n" + "[a] " * 60_000)
    yield "one-line", _body("word " * (LARGE // 5) + "\n")
    yield "angles", _body("<" * DEEP + "\n")
    yield "comments", _body("<!--" * 50_000 + "\n")
    yield "shortcode", _body("{{< ref" + " " * 1900 + "\n")
    yield "shortcodes", _body("{{< a " * 40_000 + "\n")
    yield "liquid", _body("{% raw %}" * 40_000 + "\n")
    yield "fences", _body("".join(f"{'`' * (n % 50 + 3)}\n" for n in range(20_000)))
    yield "entities", _body("&#0;&amp;" * 90_000 + "\n")
    yield "digits", _body(f'<ol start="{"9" * 5_000}"><li value="{"9" * 5_000}">x</li></ol>\n')
    yield "ordered", _body(f"{'9' * 5_000}. x\n")
    yield "attributes", _body("<a " + " ".join(f"a{n}=b" for n in range(50_000)) + ">x</a>\n")
    yield "svg", _body("<svg>" * 30_000 + "<style>" * 1000)
    yield "abbreviations", _body("".join(f"*[A{n}]: B\n" for n in range(5_000)) + "A1 A2 " * 9_000)
    yield "definitions", _body(": x\n" * 60_000)
