"""Message catalogs, plural rules, date formats and text direction by language.

`Catalog` returns messages and dates in one language; `CatalogFile` is one words/*.toml file.
"""

import tomllib
from collections.abc import Mapping
from datetime import date

DEFAULT_LANGUAGE = "en"

_RTL = frozenset(
    ("ar", "arc", "ckb", "dv", "fa", "he", "iw", "nqo", "ps", "sd", "syr", "ug", "ur", "yi")
)
_RTL_SCRIPTS = frozenset(("adlm", "arab", "hebr", "mand", "nkoo", "rohg", "syrc", "thaa"))
_TRADITIONAL = frozenset(("zh-hk", "zh-mo", "zh-tw"))
_LTR_SCRIPTS = frozenset(("cyrl", "deva", "latn"))
# Own names of languages without a catalog, from CLDR.
_NAMES = {
    "be": "беларуская", "bg": "български", "bn": "বাংলা", "bs": "bosanski", "ca": "català",
    "cs": "čeština", "cy": "Cymraeg", "da": "dansk", "el": "Ελληνικά", "eo": "Esperanto",
    "et": "eesti", "eu": "euskara", "fa": "فارسی", "fi": "suomi", "fil": "Filipino",
    "ga": "Gaeilge", "gl": "galego", "he": "עברית", "hi": "हिन्दी", "hr": "hrvatski",
    "hu": "magyar", "hy": "հայերեն", "id": "Indonesia", "is": "íslenska", "ka": "ქართული",
    "kk": "қазақ тілі", "lt": "lietuvių", "lv": "latviešu", "mk": "македонски", "mr": "मराठी",
    "ms": "Melayu", "nb": "norsk bokmål", "nn": "norsk nynorsk", "no": "norsk", "pl": "polski",
    "ro": "română", "sk": "slovenčina", "sl": "slovenščina", "sq": "shqip", "sr": "српски",
    "sv": "svenska", "sw": "Kiswahili", "ta": "தமிழ்", "te": "తెలుగు", "th": "ไทย", "tr": "Türkçe",
    "uk": "українська", "ur": "اردو", "uz": "o‘zbek", "vi": "Tiếng Việt",
}  # fmt: skip
_MONTHS = 12
_KEYS = ("name", "date", "day", "months", "words")
_FIRST_ARABIC = ("zero", "one", "two")


def direction(language: str) -> str:
    """Return `rtl` or `ltr`, the value of HTML's dir attribute, for a BCP 47 language tag."""
    parts = language.lower().replace("_", "-").split("-")
    if any(part in _RTL_SCRIPTS for part in parts[1:]):
        return "rtl"
    if any(part in _LTR_SCRIPTS for part in parts[1:]):
        return "ltr"
    return "rtl" if parts[0] in _RTL else "ltr"


def get_autonym(language: str, files: Mapping[str, "CatalogFile"]) -> str:
    """Return a language's own name, or its tag if unknown."""
    primary = language.lower().partition("-")[0]
    return (primary in files and files[primary].name) or _NAMES.get(primary, language)


def has_catalog(language: str, files: Mapping[str, "CatalogFile"]) -> bool:
    """Return whether there are messages in a language; if not, `DEFAULT_LANGUAGE` is used."""
    primary = language.lower().partition("-")[0]
    return primary in files and bool(files[primary].words)


def select_plural_category(language: str, number: int) -> str:
    """Return the CLDR plural category (`one`, `few`, `other`, ...) of an integer."""
    match language.lower().partition("-")[0]:
        case "ar":
            return _arabic(number)
        case "be" | "ru" | "sr" | "uk":
            return _slavic(number)
        case "fr" | "pt":
            return "one" if number in (0, 1) else "other"
        case "ja" | "ko" | "zh":
            return "other"
        case _:
            return "one" if number == 1 else "other"


def _arabic(number: int) -> str:
    if number < len(_FIRST_ARABIC):
        return _FIRST_ARABIC[number]
    if number % 100 in range(3, 11):
        return "few"
    return "many" if number % 100 in range(11, 100) else "other"


def _slavic(number: int) -> str:
    teen = number % 100 in range(11, 15)
    if number % 10 == 1 and not teen:
        return "one"
    return "few" if number % 10 in range(2, 5) and not teen else "many"


class Catalog:
    """Messages and date formats in one language; missing messages are in English."""

    def __init__(self, language: str, files: Mapping[str, "CatalogFile"]) -> None:
        """Select the files to use from `files`, whose keys are languages in lower case."""
        self.language = language
        self._files = tuple(files[name] for name in _fallback_languages(language) if name in files)
        dated = next((file for file in self._files if file.date), CatalogFile())
        # English messages are better than none, but English dates on, say, a Swedish page are
        # wrong: use ISO 8601 instead.
        own = language.lower().partition("-")[0] == DEFAULT_LANGUAGE or dated is not files.get(
            DEFAULT_LANGUAGE
        )
        self._dates = dated if own else CatalogFile()

    def list_keys(self) -> list[str]:
        """Return all message keys."""
        return sorted({key for file in self._files for key in file.words})

    def gettext(self, key: str, number: int | None = None) -> str:
        """Return the message of a key, in its plural form for a number, with placeholders unfilled.

        Raises:
            KeyError: No file has the key.
        """
        for file in self._files:
            forms = file.words.get(key)
            if forms:
                form = "other" if number is None else select_plural_category(file.language, number)
                return forms.get(form, forms["other"])
        raise KeyError(key)

    def format_date(self, day: date, *, year: bool = True) -> str:
        """Return a date in the language's format, with or without year; ISO 8601 by default."""
        if not self._dates.date:
            return f"{day.year:04}-{day:%m-%d}" if year else f"{day:%m-%d}"
        pattern = self._dates.date if year else self._dates.day
        month = self._dates.months[day.month - 1] if self._dates.months else ""
        return _fill(pattern, month, day.year, day.month, day.day)


class CatalogFile:
    """One language's messages and date formats, parsed from TOML and validated."""

    __slots__ = ("date", "day", "language", "months", "name", "words")

    def __init__(
        self, language: str = "", text: str = "", under: "CatalogFile | None" = None
    ) -> None:
        """Parse a catalog; values that it lacks are taken from `under`.

        Raises:
            ValueError: The text is not TOML, or has unknown keys or invalid values.
        """
        table: dict[str, object] = tomllib.loads(text)
        strange = [key for key in table if key not in _KEYS]
        if strange:
            raise ValueError(f'unknown key "{strange[0]}"; use one of {", ".join(_KEYS)}')
        self.language: str = language
        self.name: str = _text("name", table.get("name", under.name if under else ""))
        self.date: str = _text("date", table.get("date", under.date if under else ""))
        self.day: str = _text("day", table.get("day", under.day if under else self.date))
        self.months: tuple[str, ...] = _months(table.get("months", under.months if under else ()))
        self.words: dict[str, dict[str, str]] = {
            **(under.words if under else {}),
            **_words(table.get("words", {})),
        }
        for name, pattern in (("date", self.date), ("day", self.day)):
            try:
                _fill(pattern, "", 1, 1, 1)
            except (LookupError, ValueError) as error:
                raise ValueError(
                    f'invalid {name} "{pattern}"; use only {{year}} {{month}} {{number}} {{day}}'
                ) from error


def _fill(pattern: str, month: str, year: int, number: int, day: int) -> str:
    return pattern.format(year=year, month=month, number=number, day=day)


def _months(names: object) -> tuple[str, ...]:
    if not isinstance(names, list | tuple) or len(names) not in (0, _MONTHS):
        raise ValueError("months is not a list of twelve names")
    return tuple(_text("months", name) for name in names)


def _words(table: object) -> dict[str, dict[str, str]]:
    if not isinstance(table, dict):
        raise ValueError('"words" is not a table; write [words]')  # noqa: TRY004
    return {str(key): _forms(str(key), value) for key, value in table.items()}


def _forms(key: str, value: object) -> dict[str, str]:
    table = value if isinstance(value, dict) else {"other": value}
    if "other" not in table:
        raise ValueError(f'"{key}" has no form "other"')
    return {str(form): _text(key, text) for form, text in table.items()}


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f'"{key}" is not a string')  # noqa: TRY004
    return value


def _fallback_languages(language: str) -> tuple[str, ...]:
    """Return the catalogs to search, best first: zh-hant-tw, zh-hant, zh, en."""
    full = language.lower().replace("_", "-")
    full = "zh-hant" if full in _TRADITIONAL else full
    parts = full.split("-")
    longer = tuple("-".join(parts[:end]) for end in range(len(parts), 0, -1))
    return (*longer, *(() if DEFAULT_LANGUAGE in longer else (DEFAULT_LANGUAGE,)))
