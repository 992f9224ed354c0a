"""Turn parsed posts into posts of the site: ids, URLs, links, tags, authors and redirects.

`build_library` makes one `PostResolver` for all shown posts and calls `resolve` for each.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from html import escape, unescape
from operator import attrgetter
from unicodedata import normalize
from urllib.parse import urlsplit

from feedpub.config.schema import Config
from feedpub.content import filenames
from feedpub.content.library import bundles, link_index, taxonomy, url_map
from feedpub.content.library.bundles import guess_media_type
from feedpub.content.library.permalinks import Permalink
from feedpub.content.library.post_ids import assign_ids, get_requested_id
from feedpub.content.library.redirects import plan_redirects
from feedpub.content.library.translations import PathLanguage, resolve_language
from feedpub.content.library.wiki_index import (
    EMPTY_WIKI_INDEX,
    WikiIndex,
    WikiPage,
    build_wiki_index,
)
from feedpub.content.markup.urls import normalize_url
from feedpub.models.content import (
    POST,
    UNLISTED,
    Author,
    Enclosure,
    Image,
    ParsedPost,
    Post,
    Problem,
    Publication,
    Reference,
    Tag,
    Translation,
)
from feedpub.models.text import fold_case, quote

_MOST_FORMER = 20  # former output paths that are remembered per post

_AUTHOR = attrgetter("name", "email", "url", "bio", "slug")
_IMAGE = attrgetter("url", "alt")
_ENCLOSURE = attrgetter("url", "media_type", "length", "title", "duration")


# The fields of a post that affect where it is published and how other posts are resolved.
_IDENTITY_FIELDS = attrgetter(
    *("path", "published", "offset", "slug", "stem", "title", "permalink", "id"),
    *("authors", "tags", "categories", "kind", "aliases", "visibility"),
    *("language", "translation_key", "translation_of", "redirect_from", "redirect_to"),
    *("address_line", "id_line"),
)


@dataclass(frozen=True, slots=True)
class ResolvedPost:
    """A parsed post, the post made from it, and the problems found on the way."""

    parsed_post: ParsedPost
    post: Post
    problems: tuple[Problem, ...]


class PostResolver:
    """Resolves posts, given what must be known about all of them first."""

    def __init__(
        self,
        config: Config,
        shown: Sequence[ParsedPost],
        sizes: Mapping[str, int],
        published: Mapping[str, Publication],
        now: datetime,
        said: Mapping[str, PathLanguage],
    ) -> None:
        """Assign ids and URLs to all shown posts, oldest first, and to files (`sizes` in bytes).

        `published` records where posts were published before, including hidden ones; `said` holds
        the languages given by file and folder names.
        """
        site = config.site
        self._made_for = (config, shown, sizes)
        self._said = said
        self.previous_publications = published
        self._site = site
        self._tags = taxonomy.collect_tags((*one.tags, *one.categories) for one in shown)
        self._authors = taxonomy.collect_authors(shown, config.authors, site.author)
        self._told = {each.slug: repr(_AUTHOR(each)) for each in self._authors.values()}
        self._nobody = (self._authors[site.author.name],) if site.author else ()
        hides = any(one.visibility == UNLISTED for one in shown)
        self._listed = self._slugs_of_listed(shown if hides else ())
        places = url_map.assign_urls(config, shown, sizes, published, said)
        self._addresses = places.posts
        self._languages = {one.path: resolve_language(config, one, said) for one in shown}
        hidden = {one.path for one in shown if one.visibility == UNLISTED}
        self._translations = self._translated(places.translations, hidden)
        self.files = places.files
        urls = [(path, site.url + quote(place)) for path, place in places.files.items()]
        posts = {normalize("NFC", path): each.url for path, each in places.posts.items()}
        # The indexes by name are costly, so they are built only if a post needs them.
        named = any(_uses_names(one) for one in shown)
        self._places = link_index.LinkIndex(
            site.url,
            posts,
            {normalize("NFC", path): url for path, url in urls},
            link_index.index_names(posts) if named else {},
            _notes(shown, places.files) if named else EMPTY_WIKI_INDEX,
            self._subject_pages([one for one in shown if one.kind == POST]) if named else {},
            frozenset(posts.values()),
        )
        self._sizes = {url: sizes[path] for path, url in urls}
        self._ids, faults = assign_ids(config, shown, published)
        former = {one.path: self._former(published.get(one.path), one) for one in shown}
        targets, unsafe = self._targets(shown)
        self.redirects, told = plan_redirects(config, shown, places, targets, former)
        self._leads_to = {each.url: each.target for each in self.redirects}
        self.problems = (*places.problems, *faults, *unsafe, *told)
        self.publications = {
            one.path: Publication(
                one.path,
                url_map.get_location(places.posts[one.path]),
                places.requested[one.path],
                self._ids[one.path],
                get_requested_id(config, one),
                _get_publish_date(one, published.get(one.path), now),
                compute_fingerprint(one),
                former[one.path],
            )
            for one in shown
        }
        self._now = now
        self._ahead = any(each.publish_date is None for each in self.publications.values())

    def _subject_pages(self, posted: Sequence[ParsedPost]) -> dict[tuple[str, str], str]:
        """Return the page of each tag, author and category, by kind and by name or slug."""
        found: dict[tuple[str, str], str] = {}
        categories = {name for one in posted for name in one.categories}
        for name, tag in self._tags.items():
            url = f"{self._site.url}tags/{quote(tag.slug)}/"
            for kind in ("tag", "category") if name in categories else ("tag",):
                for each in (fold_case(name), fold_case(tag.label), tag.slug):
                    found.setdefault((kind, each), url)
        people = {each.name for one in posted for each in one.authors}
        if self._nobody and not all(one.authors for one in posted):
            people.add(self._nobody[0].name)
        for name in sorted(people):
            author = self._authors[name]
            url = f"{self._site.url}authors/{quote(author.slug)}/"
            for each in (fold_case(name), fold_case(author.name), author.slug):
                found.setdefault(("author", each), url)
        return found

    def is_reusable(
        self,
        config: Config,
        shown: Sequence[ParsedPost],
        sizes: Mapping[str, int],
        now: datetime,
        said: Mapping[str, PathLanguage],
    ) -> bool:
        """Return whether a resolver for these posts, oldest first, would be the same.

        The caller must check that the previous publications are the same too.
        """
        # The publication of a post dated ahead changes when its date passes, so `now` matters then.
        own_config, own, own_sizes = self._made_for
        return (
            len(own) == len(shown)
            and all(map(_has_same_identity, own, shown))
            and (own_config, own_sizes, self._said) == (config, sizes, said)
            and not (self._ahead and now != self._now)
        )

    def _translated(
        self, groups: Mapping[str, tuple[str, ...]], hidden: Container[str]
    ) -> dict[str, tuple[Translation, ...]]:
        """Return the translations of each post that has some, the original first.

        Unlisted posts are left out, since nothing may link to them.
        """
        found: dict[str, tuple[Translation, ...]] = {}
        for path, group in groups.items():
            open_ones = [each for each in group if each not in hidden]
            if path not in hidden and len(open_ones) > 1:
                found[path] = tuple(
                    Translation(self._languages[each], self._addresses[each].url)
                    for each in open_ones
                )
        return found

    def resolve(self, one: ParsedPost) -> ResolvedPost:
        """Turn a parsed post into a post of the site."""
        problems: list[Problem] = []
        post = self._post(one, problems)
        return ResolvedPost(one, post, tuple(problems))

    def _post(self, one: ParsedPost, problems: list[Problem]) -> Post:
        """Return the post; append what could not be resolved to `problems`."""
        address = self._addresses[one.path]
        pairs, faults = link_index.resolve_all(one.references, one.path, address.url, self._places)
        problems += faults
        identity = self._ids[one.path]
        people = (self._authors[each.name] for each in one.authors)
        authors = tuple({each.slug: each for each in people}.values()) or self._nobody
        tags, categories = self._labelled(one.tags), self._labelled(one.categories)
        people_told = [self._told[each.slug] for each in authors]
        if one.visibility == UNLISTED:
            authors, tags, categories = self._with_pages(authors, tags, categories)
        image = self._image(one, address)
        enclosures = tuple(self._enclosures(one, address, problems))
        canonical = (
            link_index.normalize_absolute_url(one.canonical_url) if one.canonical_url else ""
        )
        translations = self._translations.get(one.path, ())
        leads_to = self._leads_to.get(address.url, "")
        seen = [
            # The path is included because title and date may come from the file name alone.
            *(one.digest, one.path, identity, address.url, address.output_path, leads_to),
            *[one.kind] * (one.kind != POST),
            *[text for pair in pairs for text in pair],
            *["author", *people_told],
            *["tag", *[f"{each.slug} {each.label}" for each in tags]],
            *["category", *[f"{each.slug} {each.label}" for each in categories]],
            *["unlisted", *[each.slug for each in authors]] * (one.visibility == UNLISTED),
            repr((image and _IMAGE(image), [_ENCLOSURE(each) for each in enclosures])),
            *["language", self._languages[one.path]],
            *[f"{each.language} {each.url}" for each in translations],
        ]
        return Post(
            id=identity,
            path=one.path,
            slug=address.slug,
            url=address.url,
            output_path=address.output_path,
            title=self._title(one),
            published=one.published,
            updated=max(one.updated or one.published, one.published),
            authors=authors,
            tags=tags,
            categories=categories,
            summary=one.summary,
            language=self._languages[one.path],
            image=image,
            enclosures=enclosures,
            canonical_url=canonical or address.url,
            in_digests=one.in_digests,
            minutes=one.minutes,
            draft=one.draft,
            body_key=one.digest,
            links=pairs,
            kind=one.kind,
            menu=one.menu,
            unlisted=one.visibility == UNLISTED,
            cache_key=blake2b(
                "\x1f".join(seen).encode(errors="replace"), digest_size=16
            ).hexdigest(),
            translations=translations,
            redirect_url=leads_to,
        )

    def _with_pages(
        self, authors: tuple[Author, ...], tags: tuple[Tag, ...], categories: tuple[Tag, ...]
    ) -> tuple[tuple[Author, ...], tuple[Tag, ...], tuple[Tag, ...]]:
        """Remove links from an unlisted post to tag and author pages that no listed post has."""
        by, tagged, filed = self._listed
        return (
            tuple(each if each.slug in by else replace(each, slug="") for each in authors),
            tuple(each for each in tags if each.slug in tagged),
            tuple(each for each in categories if each.slug in filed),
        )

    def _slugs_of_listed(
        self, shown: Iterable[ParsedPost]
    ) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        """Return the slugs of the authors, tags and categories of listed posts."""
        listed = [one for one in shown if one.visibility != UNLISTED]
        nobody = {each.slug for each in self._nobody if any(not one.authors for one in listed)}
        return (
            frozenset(nobody | {self._authors[a.name].slug for one in listed for a in one.authors}),
            frozenset(self._tags[name].slug for one in listed for name in one.tags),
            frozenset(self._tags[name].slug for one in listed for name in one.categories),
        )

    def _title(self, one: ParsedPost) -> str:
        """Return the title; one derived from the file name omits the language."""
        said = self._said.get(one.path)
        if said and one.title == filenames.derive_title(one.stem):
            return filenames.derive_title(said.strip_language(one).stem)
        return one.title

    def _targets(self, shown: Iterable[ParsedPost]) -> tuple[dict[str, str], tuple[Problem, ...]]:
        """Return the redirect URLs of posts by source path, and problems for invalid ones."""
        found: dict[str, str] = {}
        problems: list[Problem] = []
        for one in shown:
            for reference in one.redirect_to:
                url = self._redirected(reference.target, one)
                if url.startswith(("https://", "http://")):
                    found[one.path] = url
                else:
                    fault = f'redirect_to "{reference.target}" is neither a path nor a URL'
                    problems.append(Problem(one.path, reference.line, fault))
        return found, tuple(problems)

    def _redirected(self, written: str, one: ParsedPost) -> str:
        """Return a redirect's absolute URL; a path is relative to the site's base URL."""
        root = urlsplit(self._site.url).path
        if written.startswith("/") and not written.startswith((root, "//")):
            written = root + written.lstrip("/")
        return self._resolved(written, one, self._addresses[one.path])

    def _former(self, before: Publication | None, one: ParsedPost) -> tuple[str, ...]:
        """Return the most recent output paths where a post was published before."""
        if before is None:
            return ()
        now = url_map.get_location(self._addresses[one.path])
        known = dict.fromkeys((*before.former_paths, before.location))
        return tuple(each for each in known if each != now and "://" not in each)[-_MOST_FORMER:]

    def _labelled(self, names: Iterable[str]) -> tuple[Tag, ...]:
        """Return the distinct tags for these names."""
        tags = (self._tags[name] for name in names)
        return tuple({each.slug: each for each in tags}.values())

    def _resolved(self, written: str, one: ParsedPost, address: Permalink) -> str:
        """Return the absolute URL of an image or enclosure, or "" if it is not allowed."""
        settled, target = normalize_url(escape(written))
        if not target:
            return unescape(settled)
        return link_index.resolve(Reference(target, 0), one.path, address.url, self._places)[0]

    def _image(self, one: ParsedPost, address: Permalink) -> Image | None:
        """Return the post's image with its absolute URL."""
        url = self._resolved(one.image.url, one, address) if one.image else ""
        return Image(url, one.image.alt) if one.image and url else None

    def _enclosures(
        self, one: ParsedPost, address: Permalink, problems: list[Problem]
    ) -> Iterable[Enclosure]:
        """Yield enclosures with absolute URLs, and the type and size of local files."""
        for each in one.enclosures:
            url = self._resolved(each.url, one, address)
            bare = url.partition("#")[0].partition("?")[0]
            if not url or (
                bare not in self._sizes and not link_index.normalize_absolute_url(each.url)
            ):
                fault = f'enclosure "{each.url}": file not found'
                problems.append(Problem(one.path, 0, fault))
            if url:
                yield Enclosure(
                    url,
                    each.media_type or guess_media_type(url),
                    self._sizes.get(bare) or each.length,
                    each.title,
                    each.duration,
                )


def _notes(shown: Sequence[ParsedPost], files: Iterable[str]) -> WikiIndex:
    notes = (WikiPage(normalize("NFC", one.path), one.title, one.aliases) for one in shown)
    return build_wiki_index(notes, (normalize("NFC", path) for path in files))


def compute_fingerprint(one: ParsedPost) -> str:
    """Return a hash of title and date, by which a post is recognized if its file is renamed."""
    told = f"{one.published.isoformat()} {one.title}"
    return blake2b(told.encode(errors="replace"), digest_size=8).hexdigest()


def _has_same_identity(one: ParsedPost, other: ParsedPost) -> bool:
    """Return whether replacing one parsed post by the other affects no third post."""
    return one is other or (
        _IDENTITY_FIELDS(one) == _IDENTITY_FIELDS(other)
        and _uses_names(one) == _uses_names(other)
        and bundles.find_bare_names(one) == bundles.find_bare_names(other)
    )


def _get_publish_date(
    one: ParsedPost, before: Publication | None, now: datetime
) -> datetime | None:
    """Return the post's date if it has passed, now or at an earlier build; else None."""
    came = one.published <= now or (before is not None and before.publish_date == one.published)
    return one.published if came else None


def _uses_names(one: ParsedPost) -> bool:
    return any(link_index.is_named_reference(each) for each in one.references)
