"""Selections: each is written once, and comes back as it was."""

import made

from feedpub.models.newsletter import MessageContent, Variant
from feedpub.newsletter.issue_builder import VariantStore

ONE, TWO = made.post(id="one"), made.post(id="two")


def content(subject: str, text: str = "") -> MessageContent:
    """Give what a message says."""
    return MessageContent(subject, "new", f"<p>{text}</p>", text, "zh")


def test_the_same_posts_in_the_same_language_are_one() -> None:
    """It is written once, however many get it."""
    written = VariantStore()
    asked: list[str] = []

    def write() -> MessageContent:
        asked.append("")
        return content(f"{len(asked)}")

    keys = [
        written.get_or_create(posts, language, write)
        for posts, language in (
            ((ONE, TWO), "en"),
            ((ONE, TWO), "en"),
            ((ONE,), "en"),
            ((ONE, TWO), "de"),
        )
    ]

    assert [0, 0, 2, 3] == [keys.index(each) for each in keys]
    assert ["1", "2", "3"] == [each.content.subject for each in written]
    assert 3 == len(written)


def test_what_was_written_comes_back() -> None:
    """Every letter of it, as often as it is asked for."""
    written, said = VariantStore(), content("十篇新文章 🎉", "你好\n")
    key = written.get_or_create((ONE, TWO), "zh", lambda: said)

    assert said == written.get_content(key)
    assert [Variant(key, (ONE.id, TWO.id), said)] == list(written) == list(written)


def test_the_largest_is_known() -> None:
    """Nothing is the largest of none."""
    written = VariantStore()

    assert not written.largest_key
    keys = [
        written.get_or_create((ONE,), language, lambda text=text: content("", text))  # type: ignore[misc]
        for language, text in (("a", "x" * 9), ("b", "x" * 99), ("c", "x"))
    ]
    assert keys[1] == written.largest_key
