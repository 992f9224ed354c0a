"""Detect the languages of posts and group posts that are translations of each other.

`detect_languages` runs first, on all files; `find_translations` groups the shown posts and is
called by `url_map.assign_urls`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from posixpath import dirname, join, normpath

from feedpub.config.schema import Config
from feedpub.content import filenames
from feedpub.models import languages
from feedpub.models.content import ParsedPost, Post, Problem
from feedpub.models.text import slugify


@dataclass(frozen=True, slots=True)
class PathLanguage:
    """The language given by the name or folder of a file."""

    language: str
    path: str  # without the language
    language_in_url: bool  # not the site's language, or the same post exists without a language

    def strip_language(self, one: ParsedPost) -> ParsedPost:
        """Return a parsed post as it would be without the language in its path."""
        return replace(one, path=self.path, stem=filenames.parse_filename(self.path).stem)


def detect_languages(
    config: Config, parsed_posts: Iterable[ParsedPost], unread: Iterable[str] = ()
) -> dict[str, PathLanguage]:
    """Return, by source path, the language of each file whose name or folder gives one.

    A code in a name counts only if it is a real language and plausible, so `hello.v2.md`,
    `node.js.md` and `a.to.md` have none. It is plausible if the front matter or the configuration
    agrees, if the same name exists without it or with another language, or if other posts of the
    site use it.
    """
    if config.content.languages == "none":
        return {}
    stated = {one.path: one.language for one in parsed_posts}
    paths = dict.fromkeys((*stated, *unread))
    in_folders = config.content.languages == "folders"
    found = {path: _candidate(path, in_folders=in_folders) for path in paths}
    candidates = {path: each for path, each in found.items() if each}
    if not candidates:
        return {}
    plain = {filenames.strip_suffix(path) for path in paths if path not in candidates}
    evidence = _Evidence(config, stated, candidates, plain)
    return {
        path: PathLanguage(language, rest, _is_moved(config, path, language, rest, evidence))
        for path, (language, rest) in candidates.items()
        if evidence.is_language(path)
    }


def _candidate(path: str, *, in_folders: bool) -> tuple[str, str] | None:
    language, rest = filenames.detect_language(path) if path.count(".") > 1 else ("", path)
    if not language and in_folders:
        language, rest = filenames.detect_language_folder(path)
    return (language, rest) if language else None


class _Evidence:
    """Evidence that codes in names and folders are languages and not just words."""

    def __init__(
        self,
        config: Config,
        stated: Mapping[str, str],
        candidates: Mapping[str, tuple[str, str]],
        plain: Collection[str],
    ) -> None:
        self.plain = plain
        self._stated = stated
        self._candidates = candidates
        self._together: dict[str, set[str]] = {}
        for language, rest in candidates.values():
            self._together.setdefault(filenames.strip_suffix(rest), set()).add(language)
        self._site = {languages.get_primary_language(each) for each in _configured(config)}
        self._site |= {
            languages.get_primary_language(language)
            for path, (language, _) in candidates.items()
            if self.is_proven(path)
        }

    def is_proven(self, path: str) -> bool:
        """Return whether the file itself, or files of the same name, prove the language."""
        language, rest = self._candidates[path]
        if stated := self._stated.get(path):
            return languages.get_primary_language(stated) == languages.get_primary_language(
                language
            )
        whole = filenames.strip_suffix(rest)
        return (
            whole in self.plain
            or len(self._together[whole]) > 1
            or languages.parse_language_code(path.partition("/")[0]) == language != ""
        )

    def is_language(self, path: str) -> bool:
        """Return whether a code is a language, considering the whole site."""
        if self.is_proven(path) or self.is_index(path):
            return True
        return not self._stated.get(path) and self._is_of_site(path)

    def is_index(self, path: str) -> bool:
        """Return whether a file is a bundle's index in a language, as in Hugo."""
        _, rest = self._candidates[path]
        own = (filenames.strip_suffix(each).rpartition("/")[2].lower() for each in (path, rest))
        return not self._stated.get(path) and next(own).startswith("index.") and "index" in own

    def is_sure(self, path: str) -> bool:
        """Return whether more than the name of an index indicates the language."""
        return self.is_proven(path) or self._is_of_site(path)

    def _is_of_site(self, path: str) -> bool:
        return languages.get_primary_language(self._candidates[path][0]) in self._site


def _configured(config: Config) -> Iterator[str]:
    """Yield the languages named in the configuration."""
    yield config.site.language
    yield from config.site.languages
    for digest in config.digests:
        yield from digest.languages
    for feed in config.feeds.extra:
        yield from feed.languages


def _is_moved(config: Config, path: str, language: str, rest: str, evidence: _Evidence) -> bool:
    home = config.site.language
    is_home = language.lower() == home.lower() or language == languages.get_primary_language(home)
    return evidence.is_sure(path) and not (
        is_home and filenames.strip_suffix(rest) not in evidence.plain
    )


@dataclass(frozen=True, slots=True)
class TranslationGroups:
    """Groups of posts that are translations of each other."""

    by_path: Mapping[str, tuple[str, ...]]  # paths of a group, original first, by each path
    problems: tuple[Problem, ...]


def resolve_language(config: Config, one: ParsedPost, said: Mapping[str, PathLanguage]) -> str:
    """Return a post's language: from its front matter, its path, or the site's."""
    named = said.get(one.path)
    return one.language or (named.language if named else "") or config.site.language


def find_translations(
    config: Config,
    shown: Sequence[ParsedPost],
    said: Mapping[str, PathLanguage],
    places: Mapping[str, str],
) -> TranslationGroups:
    """Return the groups of posts that are translations of each other.

    Posts belong together if they share a key, if one names the other, if their names differ only in
    the language, or if they ask for the same place in different languages. `places` holds the
    location that each post asks for, without its language.
    """
    finder = _TranslationFinder(config, shown, said)
    finder.join_keys()
    finder.join_originals()
    finder.join_names()
    finder.join_places(places)
    return finder.build_groups()


class _TranslationFinder:
    """Joins posts into groups with a union-find forest."""

    def __init__(
        self, config: Config, shown: Sequence[ParsedPost], said: Mapping[str, PathLanguage]
    ) -> None:
        self._home = config.site.language.lower()
        self._shown = {one.path: one for one in shown}
        self._said = said
        self._languages = {one.path: resolve_language(config, one, said).lower() for one in shown}
        self._above: dict[str, str] = {}
        self._problems: list[Problem] = []

    def join_keys(self) -> None:
        """Join posts with the same translation key."""
        first: dict[str, str] = {}
        for path, one in self._shown.items():
            if one.translation_key:
                self._join(path, first.setdefault(one.translation_key.casefold(), path))

    def join_originals(self) -> None:
        """Join each post with the original that it names."""
        asking = [one for one in self._shown.values() if one.translation_of]
        known = self._known() if asking else {}
        for one in asking:
            for reference in one.translation_of:
                found = next(
                    (
                        known[each]
                        for each in _meanings(reference.target, one.path)
                        if known.get(each, one.path) != one.path
                    ),
                    "",
                )
                if found:
                    self._join(one.path, found)
                else:
                    told = (
                        f'translation_of: no published post matches "{reference.target}"; use the '
                        "path, slug or id of the original"
                    )
                    self._problems.append(Problem(one.path, reference.line, told))

    def join_names(self) -> None:
        """Join posts whose paths differ only in the language."""
        wanted = {filenames.strip_suffix(each.path) for each in self._said.values()}
        first: dict[str, str] = {}
        for path in self._shown if wanted else ():
            said = self._said.get(path)
            whole = filenames.strip_suffix(said.path if said else path)
            if whole in wanted:
                self._join(path, first.setdefault(whole, path))

    def join_places(self, places: Mapping[str, str]) -> None:
        """Join posts that ask for the same place, if each has another language."""
        asking: dict[str, list[str]] = {}
        for path, place in places.items():
            asking.setdefault(place, []).append(path)
        for paths in asking.values():
            if len({self._languages[path] for path in paths}) == len(paths):
                for path in paths[1:]:
                    self._join(path, paths[0])

    def build_groups(self) -> TranslationGroups:
        """Return every group with more than one language."""
        members: dict[str, list[str]] = {}
        for path in self._above:
            members.setdefault(self._top(path), []).append(path)
        of: dict[str, tuple[str, ...]] = {}
        for paths in members.values():
            chosen: dict[str, str] = {}
            paths.sort(key=self._rank)
            for path in paths:
                chosen.setdefault(self._languages[path], path)
            if len(chosen) > 1:
                group = tuple(chosen.values())
                of.update(dict.fromkeys(group, group))
                self._tell_doubles(paths, chosen)
        return TranslationGroups(of, tuple(self._problems))

    def _tell_doubles(self, paths: Iterable[str], chosen: Mapping[str, str]) -> None:
        for path in paths:
            language = self._languages[path]
            if chosen[language] != path:
                told = (
                    f"not a translation: {chosen[language]} is already this post in "
                    f'"{language}"; give one of them another language or key'
                )
                self._problems.append(Problem(path, 0, told))

    def _join(self, path: str, other: str) -> None:
        for each in (path, other):
            self._above.setdefault(each, each)
        self._above[self._top(path)] = self._top(other)

    def _top(self, path: str) -> str:
        """Return the root of a post's group, halving the path on the way."""
        while (above := self._above[path]) != path:
            self._above[path] = path = self._above[above]
        return path

    def _rank(self, path: str) -> tuple[object, ...]:
        """Return the sort key of a post in its group; the original comes first."""
        one = self._shown[path]
        return (
            bool(one.translation_of),
            path in self._said and self._said[path].language_in_url,
            self._languages[path] != self._home,
            one.published,
            path,
        )

    def _known(self) -> dict[str, str]:
        """Index posts by the names `translation_of` may use: exact ones win, then older posts."""
        known: dict[str, str] = {}
        for call in (
            lambda one: (one.path, filenames.strip_suffix(one.path)),
            lambda one: (one.id, one.translation_key),
            lambda one: (one.slug, one.stem, slugify(one.slug or one.stem), one.title),
        ):
            for one in self._shown.values():
                for name in call(one):
                    if name:
                        known.setdefault(name.casefold(), one.path)
        return known


def _meanings(target: str, path: str) -> Iterator[str]:
    """Yield what the name of an original may mean, most likely first."""
    written = target.replace("\\", "/").casefold()
    yield normpath(join(dirname(path.casefold()), written))
    yield written.strip("/")
    yield written


def pick_translations(posts: Iterable[Post], language: str) -> tuple[Post, ...]:
    """Return `posts` in order, with only one of each group of translations.

    That is the post whose language matches `language` best; of equal matches, the one closest to
    the original.
    """
    posts = tuple(posts)
    best: dict[str, Post] = {}
    for post in posts:
        if post.translation_group:
            known = best.setdefault(post.translation_group, post)
            best[post.translation_group] = max(
                known, post, key=lambda each: _nearness(each, language)
            )
    return tuple(
        post for post in posts if not post.translation_group or best[post.translation_group] is post
    )


def _nearness(post: Post, language: str) -> tuple[int, int]:
    """Return the sort key of a translation by how well it matches a language."""
    urls = [each.url for each in post.translations]
    return languages.score_language_match(post.language, language), -urls.index(post.url)
