"""A seed becomes posts as blogs have them: the same ones on every machine, as many as wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

BODY = 5_000
"""Characters of Markdown in a post, about."""

_BEGINNING = datetime(2006, 1, 1, 8, tzinfo=UTC)
_BETWEEN_POSTS = timedelta(hours=16, minutes=7)
_SPAN = timedelta(days=20 * 365)  # at most: what is dated in the future would not appear

_WORDS = """
the of and to a in that it is for on with as be at by this we not are from or have an they which
one you had when there can all if no so out about into up what more some time than them only could
new other our work first well way even because any these most after how use two feed reader post
writer people site page link file folder build server mail text word line letter list table image
picture page colour type font paper book story note draft version change edit review publish weekly
morning evening winter summer river mountain garden kitchen window letter station train street city
village harbour island coast forest field market bridge museum library school teacher student friend
family neighbour engineer designer editor author translator small large quick slow simple careful
honest quiet bright early late plain common rare public private local open closed free full empty
read write move carry build break mend find lose keep send receive answer ask explain measure count
compare choose decide agree doubt remember forget begin finish follow lead bring leave return wait
often always never sometimes usually rarely today yesterday tomorrow perhaps together alone quickly
slowly clearly simply really nearly almost again already still soon later before between across
parser syntax document element attribute namespace protocol address header message encoding charset
database query index table column record cache memory process thread signal timer queue network
latency bandwidth packet socket browser client request response redirect cookie session token key
""".split()

_FIRST_NAMES = """
Ann Bela Carlo Dora Emil Farah Goran Hana Ivan Jun Kofi Lena Marta Nils Olga Pablo Quinn Rosa Sven
Tara Uma Viktor Wanda Xenia Yara Zoltan Amir Birgit Chika Daniel
""".split()
_LAST_NAMES = "Abbot Baker Cooper Dyer Fisher Gardner Hunter Mason Potter Taylor Walker".split()

_CODE = (
    (
        "python",
        """def {name}(items: list[str], limit: int = {number}) -> dict[str, int]:
    \"\"\"Count the {word} of each item.\"\"\"
    counts: dict[str, int] = {{}}
    for item in items[:limit]:
        if item.startswith("#"):
            continue  # a comment
        counts[item] = counts.get(item, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))
""",
    ),
    (
        "go",
        """func {name}(items []string) map[string]int {{
	counts := make(map[string]int, {number})
	for _, item := range items {{
		if strings.HasPrefix(item, "#") {{
			continue // a {word}
		}}
		counts[item]++
	}}
	return counts
}}
""",
    ),
    (
        "bash",
        """#!/usr/bin/env bash
set -eu
for {name} in "$@"; do
  if [ -f "${name}" ]; then
    echo "{word}: $(wc -c < "${name}") & more than {number}" >&2
  fi
done | sort | uniq -c
""",
    ),
    (
        "yaml",
        """{name}:
  title: "The {word}"
  url: https://example.org/{name}/
  limit: {number}
  formats: [rss, atom, json]  # all three
""",
    ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A post, before any generator's own form of front matter is put on it."""

    slug: str
    title: str
    published: datetime
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    body: str


def entries(count: int, seed: int = 1, tags: int = 200, authors: int = 30) -> Iterator[Entry]:
    """Yield `count` entries, oldest first; tags and authors are spread on a Zipf curve."""
    chance = Random(seed)
    labels = _labels(tags)
    names = [f"{_FIRST_NAMES[n % 30]} {_LAST_NAMES[n // 30 % 11]}" for n in range(authors)]
    between = min(_BETWEEN_POSTS, _SPAN / max(count, 1))
    for number in range(count):
        title = " ".join(chance.choices(_WORDS, k=chance.randint(4, 9))).capitalize()
        yield Entry(
            slug=_slug(number),
            title=f"{title} {number}",
            published=_BEGINNING + number * between,
            authors=_some(chance, names, chance.choices((1, 2), (9, 1))[0]),
            tags=_some(chance, labels, chance.randint(1, 6)),
            body=_body(chance, number),
        )


def edited(body: str) -> str:
    """The body after somebody has mended its first sentence."""
    return f"This sentence was mended. {body}"


def _slug(number: int) -> str:
    return f"entry-{number}"


def _labels(count: int) -> list[str]:
    """Tags of one or two words, each of which is the same slug in every generator."""
    nouns = sorted({word for word in _WORDS if len(word) > 4})
    return [
        nouns[n] if n < len(nouns) else f"{nouns[n % len(nouns)]}-{n // len(nouns)}"
        for n in range(count)
    ]


def _some(chance: Random, names: Sequence[str], count: int) -> tuple[str, ...]:
    """Up to `count` different names, the n-th of them 1/n times as likely as the first."""
    weights = tuple(accumulate(1 / rank for rank in range(1, len(names) + 1)))
    return tuple(dict.fromkeys(chance.choices(names, cum_weights=weights, k=count)))


def _body(chance: Random, number: int) -> str:
    blocks = [_paragraph(chance, number), _paragraph(chance, number)]
    length = sum(map(len, blocks))
    while length < BODY:
        block = _block(chance, number)
        blocks.append(block)
        length += len(block) + 2
    if chance.random() < 0.2:
        blocks[2] += f" As told elsewhere.[^{number}]"
        blocks.append(f"[^{number}]: {_sentence(chance)}")
    return "\n\n".join(blocks) + "\n"


def _block(chance: Random, number: int) -> str:
    kind = chance.choices(
        ("paragraph", "heading", "list", "code", "table", "image"),
        (63, 15, 13, 2, 3, 4),
    )[0]
    match kind:
        case "heading":
            words = " ".join(chance.choices(_WORDS, k=chance.randint(2, 6)))
            return f"{'#' * chance.choice((2, 2, 3))} {words.capitalize()}"
        case "list":
            mark = chance.choice(("- ", "- ", "1. ", "> "))
            return "\n".join(mark + _sentence(chance) for _ in range(chance.randint(3, 7)))
        case "code":
            language, code = chance.choice(_CODE)
            name, word = chance.choices(_WORDS, k=2)
            text = code.format(name=name, word=word, number=chance.randint(2, 500))
            return f"```{language}\n{text}```"
        case "table":
            rows = [chance.choices(_WORDS, k=3) for _ in range(chance.randint(3, 6))]
            head = "| name | kind | value |\n|------|:----:|------:|\n"
            return head + "\n".join(f"| {' | '.join(row)} |" for row in rows)
        case "image":
            words = " ".join(chance.choices(_WORDS, k=4))
            return f"![{words}](https://images.example.net/{chance.randint(1, 9_999)}.jpg)"
        case _:
            return _paragraph(chance, number)


def _paragraph(chance: Random, number: int) -> str:
    sentences = [_sentence(chance) for _ in range(chance.randint(3, 6))]
    if chance.random() < 0.5:
        word, other = chance.choices(_WORDS, k=2)
        sentences.append(f"It is *{word}* and **{other}**, with `{other}_{word}()` in it.")
    if chance.random() < 0.35:
        words = " ".join(chance.choices(_WORDS, k=3))
        sentences.append(f"See [{words}](https://example.org/{words.replace(' ', '/')}?a=1&b=2).")
    if number and chance.random() < 0.1:
        sentences.append(
            f"More is in [an earlier post](/posts/{_slug(chance.randrange(number))}/)."
        )
    return " ".join(sentences)


def _sentence(chance: Random) -> str:
    words = chance.choices(_WORDS, k=chance.randint(6, 18))
    if len(words) > 10:
        words[5] += ","
    return " ".join(words).capitalize() + "."
