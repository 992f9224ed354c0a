"""Regular expressions attacked with texts that are made from themselves.

Walks the parsed tree of a pattern, as regexploit and recheck do: what leads to a repetition
becomes a prefix, what may be repeated a pump, and what no pattern expects ends it all. A pattern
that tries a text in many ways needs time that grows with the square of its length, or worse.
"""

import ast
import importlib
import pkgutil
import re
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import process_time
from types import FrameType, ModuleType
from typing import Any, Self

import feedpub

_parser: Any = importlib.import_module("re._parser")
_compiler: Any = importlib.import_module("re._compiler")
_MANY = 40  # repetitions; with fewer nothing can be long
_PUMPS = 10
_USUAL = " \t\na0.-_,;:<>\"'/=&(é中\u2003"
_ENDS = ("\x00", "", "\n", "\n\n\x00", "<!")
_FROM_THE_START = {"match", "fullmatch"}
_METHODS = {*_FROM_THE_START, "search", "sub", "subn", "split", "findall", "finditer", "scanner"}
_SHORT = 8_000  # characters that are tried first
_SUSPICIOUS = 0.004  # seconds for so many


@dataclass(frozen=True)
class Found:
    """A pattern of the package, and the ways in which it is used."""

    name: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]

    def run(self, text: str, limit: float) -> float:
        """Give the seconds that the slowest use of it takes for a text; it ends at the limit."""
        subject = text if isinstance(self.pattern.pattern, str) else text.encode("utf-8", "replace")
        return max(self._time(method, subject, limit) for method in sorted(self.methods))

    def _time(self, method: str, subject: str | bytes, limit: float) -> float:
        alarm = _Alarm(limit)
        with suppress(TimeoutError), alarm:
            if method in _FROM_THE_START:
                getattr(self.pattern, method)(subject)
            else:
                for _ in self.pattern.finditer(subject):
                    pass
        return alarm.seconds


class _Alarm:
    """Ends what takes too long: the engine of `re` looks for signals."""

    def __init__(self, limit: float) -> None:
        self.seconds = 0.0
        self._limit = limit
        self._begun = 0.0

    def __enter__(self) -> Self:
        signal.signal(signal.SIGPROF, self._ring)
        signal.setitimer(signal.ITIMER_PROF, self._limit)
        self._begun = process_time()
        return self

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.seconds = process_time() - self._begun


def modules() -> list[str]:
    """Give the names of all modules of the package that may hold patterns."""
    root = Path(feedpub.__file__).parent
    names = (each.name for each in pkgutil.walk_packages([str(root)], "feedpub."))
    return sorted(
        name for name in names if "__main__" not in name and "migrations.versions" not in name
    )


def patterns(name: str) -> list[Found]:
    """Give the patterns that a module has: values, parts of values, and written in functions."""
    module = importlib.import_module(name)
    tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    used = _uses(tree)
    found = [
        Found(f"{name}.{key}", pattern, _methods(used, key.rpartition(".")[2]))
        for own, value in vars(module).items()
        for key, pattern in _within(own, value, module)
    ]
    return [*found, *_in_functions(name, tree)]


def _methods(used: Mapping[str, set[str]], name: str) -> frozenset[str]:
    return frozenset(used.get(name, set()) or {"search"})


def _within(
    key: str, value: object, module: ModuleType, depth: int = 0
) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield key, value
        return
    parts: Iterable[tuple[str, object]] = ()
    if isinstance(value, Mapping):
        parts = [(key, each) for each in value.values()]
    elif isinstance(value, tuple | list | set | frozenset):
        parts = [(key, each) for each in value]
    elif isinstance(value, type) and value.__module__ == module.__name__:
        parts = [(f"{key}.{name}", each) for name, each in vars(value).items()]
    for name, each in parts if depth < 3 else ():
        yield from _within(name, each, module, depth + 1)


def _uses(tree: ast.AST) -> dict[str, set[str]]:
    """Give, by the name of a pattern, which of its methods a module calls or hands on."""
    used: dict[str, set[str]] = {}
    known: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.value if isinstance(node.value, ast.Subscript) else node.value
            if isinstance(owner, ast.Attribute) and node.attr in _METHODS:
                used.setdefault(owner.attr, set()).add(node.attr)  # of a class
            if isinstance(owner, ast.Name) and (node.attr in _METHODS or owner is node.value):
                known.add(id(owner))
                used.setdefault(owner.id, set()).update({node.attr} & _METHODS)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in known:
            used.setdefault(node.id, set()).add("search")  # handed on: who knows
    return used


def _in_functions(name: str, tree: ast.AST) -> Iterator[Found]:
    """Give the patterns that stand as text in calls of `re`."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        function, text = node.func, node.args[0]
        if not (isinstance(function.value, ast.Name) and function.value.id == "re"):
            continue
        if function.attr in _METHODS and isinstance(text, ast.Constant):
            where = f"{name}:{node.lineno}"
            yield Found(where, re.compile(text.value), frozenset({function.attr}))


@dataclass
class _Walk:
    """Collects what leads to each repetition of a pattern, and what may be repeated there."""

    flags: int
    alphabet: str
    found: list[tuple[str, str]] = field(default_factory=list)

    def sequence(self, nodes: Any, prefix: str) -> str:  # noqa: ANN401 - re's trees have no types
        """Walk along nodes; give the prefix with a text that all of them match."""
        for node in nodes:
            prefix = self._node(nodes, node, prefix)
        return prefix

    def _node(self, nodes: Any, node: Any, prefix: str) -> str:  # noqa: ANN401
        kind, value = str(node[0]), node[1]
        if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            least, most, inner = value
            samples = self._samples(inner)
            if int(most) >= _MANY:
                self.found += [(prefix, each) for each in samples[:_PUMPS]]
            self.sequence(inner, prefix)
            return prefix + (samples[0] if samples else "") * int(least)
        if kind == "SUBPATTERN":
            return self.sequence(value[3], prefix)
        if kind == "ATOMIC_GROUP":
            return self.sequence(value, prefix)
        if kind == "BRANCH":
            return [self.sequence(each, prefix) for each in value[1]][0]  # noqa: RUF015 - all walked
        if kind in {"ASSERT", "ASSERT_NOT"}:
            self.sequence(value[1], prefix)
            return prefix
        samples = self._samples(nodes[0:0] if kind == "AT" else _alone(nodes, node))
        return prefix + (samples[0] if samples else "")

    def _samples(self, nodes: Any) -> list[str]:  # noqa: ANN401
        """Give texts that a sequence of nodes matches: single characters, else its own parts."""
        try:
            compiled = _compiler.compile(nodes, self.flags)
        except (re.error, AttributeError, TypeError, RuntimeError, IndexError):
            return list(dict.fromkeys(self._texts(nodes)))
        single = [each for each in self.alphabet if compiled.fullmatch(each)]
        return list(dict.fromkeys([*single[:6], *self._texts(nodes), *single[6:]]))

    def _texts(self, nodes: Any) -> list[str]:  # noqa: ANN401
        texts = [""]
        for kind, value in nodes:
            options = self._options(str(kind), value)
            texts = [text + each for text in texts for each in options][:12]
        return [each for each in texts if each]

    def _options(self, kind: str, value: Any) -> list[str]:  # noqa: ANN401
        if kind in {"IN", "NOT_LITERAL", "CATEGORY"}:
            return self._of_set(kind, value)
        found = {"LITERAL": lambda: [chr(value)], "ANY": lambda: ["a"]}.get(kind)
        if found:
            return found()
        if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            inner = self._texts(value[2])[:3]
            least = int(value[0])
            return [each * max(least, 1) for each in inner] + ([""] if not least else [])
        if kind == "BRANCH":
            return [text for each in value[1] for text in self._texts(each)[:2]] or [""]
        inside = {"SUBPATTERN": lambda: value[3], "ATOMIC_GROUP": lambda: value}.get(kind)
        return (self._texts(inside()) if inside else []) or [""]

    def _of_set(self, kind: str, value: Any) -> list[str]:  # noqa: ANN401
        if kind == "NOT_LITERAL":
            return [each for each in self.alphabet if ord(each) != value][:3]
        state = _parser.State()
        compiled = _compiler.compile(_parser.SubPattern(state, [(_parser.IN, value)]), self.flags)
        return [each for each in self.alphabet if compiled.fullmatch(each)][:4] or ["a"]


def _alone(nodes: Any, node: Any) -> Any:  # noqa: ANN401
    return _parser.SubPattern(nodes.state, [node])


def attacks(pattern: re.Pattern[Any], length: int) -> Iterator[str]:
    """Give texts of about so many characters that a pattern may have trouble with."""
    written = pattern.pattern
    text = written if isinstance(written, str) else written.decode("latin-1")
    flags = pattern.flags & ~re.DEBUG
    if not isinstance(written, str):
        flags |= re.ASCII
    tree = _parser.parse(text, flags)
    literals = (chr(value) for kind, value in _literals(tree) if kind == "LITERAL")
    alphabet = "".join(dict.fromkeys((*literals, *_USUAL)))
    walk = _Walk(flags, alphabet)
    walk.sequence(tree, "")
    for prefix, pump in dict.fromkeys(walk.found):
        many = pump * (length // len(pump))
        for end in _ENDS:
            yield prefix + many + end
        piece = prefix + pump
        yield piece * (length // len(piece)) + "\x00"
        if prefix:
            yield prefix * (length // len(prefix)) + "\x00"
            several = prefix + pump * 40
            yield several * (length // len(several)) + "\x00"


def _literals(nodes: Iterable[Any]) -> Iterator[tuple[str, int]]:
    for kind, value in nodes:
        name = str(kind)
        if name == "LITERAL":
            yield name, value
        elif name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            yield from _literals(value[2])
        elif name == "SUBPATTERN":
            yield from _literals(value[3])
        elif name == "ATOMIC_GROUP":
            yield from _literals(value)
        elif name == "BRANCH":
            yield from (one for each in value[1] for one in _literals(each))
        elif name in {"ASSERT", "ASSERT_NOT"}:
            yield from _literals(value[1])
        elif name == "IN":
            yield from ((str(kind), each) for kind, each in value if str(kind) == "LITERAL")


def slowest(
    found: Found, length: int, limit: float, arrives: Callable[[str], str] = str
) -> tuple[float, str]:
    """Give the seconds that a pattern takes for the worst attack, and the attack, shortened.

    Attacks are tried short first, and at their full length where they took suspiciously long.
    `arrives` gives what is left of a text when it comes to the pattern.
    """
    worst = (0.0, "")
    short = min(length, _SHORT)
    for number, text in enumerate(attacks(found.pattern, short)):
        seconds = found.run(arrives(text), limit)
        if length > short and _SUSPICIOUS < seconds < limit / 5:
            long = next(islice(attacks(found.pattern, length), number, None))
            seconds = found.run(arrives(long), limit)
        elif length > short and seconds >= limit / 5:
            seconds = limit  # it would take ten times as long at least
        if seconds > worst[0]:
            worst = (seconds, f"{text[:60]!r} ... {text[-10:]!r}")
        if seconds >= limit:
            break
    return worst
