"""The keys of one file become fields to be asked for by any of their names."""

from collections.abc import Mapping

from feedpub.errors import PostError
from feedpub.model import Problem
from feedpub.posts import keys
from feedpub.posts.frontmatter import Frontmatter, Value


class FieldReader:
    """One file's front matter, by plain key, and what was found wrong with it."""

    def __init__(self, path: str, matter: Frontmatter) -> None:
        self.problems: list[Problem] = []
        self.misspelled_keys: dict[str, str] = {}  # what was meant → key as written
        self.format = matter.format
        self._path = path
        self._matter = matter
        self._found: dict[str, tuple[str, Value]] = {}  # plain key → key as written, and value
        for key in matter.duplicate_keys:
            self.warn(key, f'"{key}" is given twice; the last one counts')
        for key, value in matter.values.items():
            self._add(key, value)

    def _add(self, key: str, value: Value) -> None:
        plain = keys.normalize_key(key)
        if value:
            first, before = self._found.setdefault(plain, (key, value))
            if before != value:
                self.warn(key, f'"{key}" is the same key as "{first}", which counts')
        if not keys.is_known_key(key) and (near := keys.suggest_key(key)):
            self.misspelled_keys[near] = key
            self.warn(key, format_suggestion(key, near))

    def get_value(self, names: tuple[str, ...]) -> tuple[str, Value]:
        """Give the first of these fields that says anything, under its key as written."""
        for name in names:
            if name in self._found:
                return self._found[name]
        return "", ""

    def get_values(self, names: tuple[str, ...]) -> list[tuple[str, Value]]:
        """Give every one of these fields that says anything."""
        return [self._found[name] for name in names if name in self._found]

    def get_text(self, names: tuple[str, ...]) -> tuple[str, str]:
        """Give the first of these fields as a text, under its key as written."""
        for key, value in self.get_values(names):
            if isinstance(value, str):
                if value.strip():
                    return key, value.strip()
            elif isinstance(value, Mapping):
                self.warn(key, f'"{key}" is a table, where a text belongs; put it in quotes')
            elif all(isinstance(item, str) for item in value):
                # `title: [Update]` is a list in YAML, but not to whoever wrote it.
                return key, f"[{', '.join(str(item) for item in value)}]"
            else:
                self.warn(key, f'"{key}" is a list, where a text belongs; put it in quotes')
        return "", ""

    def find_first_line(self, names: tuple[str, ...]) -> int:
        """Return the line of the first of these fields that says anything, 0 where none does."""
        key, _ = self.get_value(names)
        return self.find_line(key) if key else 0

    def warn(self, key: str, message: str) -> None:
        """Tell of something that does not keep the file from being published."""
        self.problems.append(Problem(self._path, self.find_line(key), message))

    def build_error(self, key: str, message: str) -> PostError:
        """Make the error that leaves the file out; without a key it is about the whole file."""
        return PostError(Problem(self._path, self.find_line(key), message, left_out=True))

    def find_line(self, key: str) -> int:
        """Return the line of a key, the first one where there is none."""
        return self._matter.find_line(key) if key else 1


def format_suggestion(key: str, near: str) -> str:
    """Say that a key is probably a slip of another."""
    return f'unknown key "{key}"; did you mean "{near}"?'
