"""Values become rows, and rows the same values."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from mailings import NOW, whole

from feedpub.models.newsletter import MessageContent
from feedpub.storage import rows
from feedpub.storage.rows import iter_batches

texts = st.text(st.characters(codec="utf-8"))


@given(st.lists(texts))
def test_any_texts_survive_packing(found: list[str]) -> None:
    """Whatever is in them; none is nothing at all."""
    assert tuple(found) == rows.parse_list(rows.dump_list(found))
    assert bool(found) == bool(rows.dump_list(found))


@given(st.builds(MessageContent, texts, texts, texts, texts, texts))
def test_any_content_survives_compressing(found: MessageContent) -> None:
    """Every field is what it was."""
    assert found == rows.decompress_content(rows.compress_content(found))


def test_a_reader_survives_being_a_row() -> None:
    """Every field is what it was."""
    values = {"id": 7, "waited": None, **rows.dump_subscriber(whole(), "ann@example.org", NOW)}

    row = [values[column.name] for column in rows.SUBSCRIBER_COLUMNS]
    assert replace(whole(), id=7) == rows.parse_subscriber(row)


def test_a_key_names_one_message() -> None:
    """Another digest, slot, database or reader is another key; the same is the same for ever."""
    keys = {
        rows.make_message_key(digest, NOW + slot, NOW + created, reader)
        for digest in ("daily", "weekly")
        for slot in (timedelta(), timedelta(days=1))
        for created in (timedelta(), timedelta(microseconds=1))
        for reader in (1, 2)
    }

    assert 16 == len(keys)
    assert "5d20549e72f7ca1efacaf5e9" == rows.make_message_key("weekly", NOW, NOW, 1)


@given(st.lists(st.integers()), st.integers(1, 5))
def test_batches_are_the_stream(found: list[int], size: int) -> None:
    """In order, each of the size but the last, and none empty."""
    cut = list(iter_batches(iter(found), size))

    assert found == [each for batch in cut for each in batch]
    assert all(len(batch) == size for batch in cut[:-1])
    assert all(cut)
