"""The corpus of the benchmark is the same every time, and each generator can read it."""

from pathlib import Path

import pytest

from benchmarks import corpus, sites
from benchmarks.corpus import BODY, entries
from benchmarks.sites import Site


def test_a_seed_gives_the_same_entries_every_time() -> None:
    """Two runs write the same posts."""

    assert list(entries(20)) == list(entries(20))


def test_more_entries_begin_with_the_same_ones() -> None:
    """A larger corpus only goes on where a smaller one ends."""

    assert list(entries(20)) == list(entries(40))[:20]


def test_entries_are_as_large_as_promised() -> None:
    """A body holds about 5,000 characters of Markdown."""
    lengths = [len(entry.body) for entry in entries(50)]

    assert BODY <= sum(lengths) / len(lengths) < BODY * 1.2


def test_tags_are_on_a_zipf_curve() -> None:
    """The first tag is by far the most used, and slugs of all tags differ."""
    used = [tag for entry in entries(400) for tag in entry.tags]
    counts = sorted((used.count(tag) for tag in set(used)), reverse=True)

    assert counts[0] > 5 * counts[len(counts) // 2]


def test_an_edit_changes_a_body_and_nothing_else() -> None:
    """What the editor mends is in the first sentence."""
    (entry,) = entries(1)

    assert corpus.edited(entry.body).endswith(entry.body)
    assert corpus.edited(entry.body) != entry.body


@pytest.mark.parametrize("name", ["feedpub", "pelican", "hugo"])
def test_each_generator_gets_the_same_bodies(name: str, tmp_path: Path) -> None:
    """Front matter differs; what follows it does not."""
    folder = tmp_path / name
    site: Site = {
        "feedpub": lambda: sites.feedpub(folder, "comrak", "rss"),
        "pelican": lambda: sites.pelican(folder),
        "hugo": lambda: sites.hugo(folder),
    }[name]()
    written = list(entries(3))

    site.write(written)

    for entry in written:
        text = (folder / site.posts / f"{entry.slug}.md").read_text(encoding="utf-8")
        assert text.endswith(f"\n\n{entry.body}")
        assert entry.title in text.removesuffix(entry.body)


def test_an_edit_is_taken_back(tmp_path: Path) -> None:
    """What was edited for one round is as it was in the next."""
    (entry,) = entries(1)
    site = sites.feedpub(tmp_path, "comrak", "rss")
    site.write([entry])
    path = tmp_path / "content" / f"{entry.slug}.md"
    before = path.read_bytes()

    site.edit(entry)
    edited = path.read_bytes()
    site.restore(entry)

    assert before != edited
    assert before == path.read_bytes()
