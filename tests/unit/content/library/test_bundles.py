"""A page bundle is a folder with an index in it."""

from feedpub.content.library import bundles


def test_folders() -> None:
    """Every folder with an index belongs to the post that the index is."""
    found = bundles.find_bundles(["a/index.md", "b/c/Index.markdown", "d/post.md", "index.md"])

    assert {"a": "a/index.md", "b/c": "b/c/Index.markdown"} == found


def test_a_bundle_in_several_languages() -> None:
    """The index that names no language has the folder, wherever it stands in the list."""
    first = bundles.find_bundles(["a/index.de.md", "a/index.fr.md", "a/index.md"])
    last = bundles.find_bundles(["a/index.md", "a/index.de.md"])
    none = bundles.find_bundles(["a/index.de.md", "a/index.fr.md"])

    assert {"a": "a/index.md"} == first == last
    assert {"a": "a/index.de.md"} == none


def test_nearest() -> None:
    """A file belongs to the innermost bundle around it."""
    known = {"a", "a/b", "a/bc"}
    found = [
        bundles.find_nearest_folder(each, known)
        for each in ("a/b/c/d.png", "a/x.png", "b/a.png", "a")
    ]

    assert ["a/b", "a", "", ""] == found


def test_parents() -> None:
    """The folders above a path come from within."""
    found = list(bundles.iter_parents("a/b/c.md"))

    assert ["a/b", "a"] == found
    assert [] == list(bundles.iter_parents("c.md"))
