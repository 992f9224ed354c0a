"""A language and the files of words → what the pages say in it, its dates and its direction."""

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
# What languages without a file call themselves, as CLDR has it.
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
    """Give `rtl` or `ltr`, as HTML's dir attribute has it, for a BCP 47 language tag."""
    parts = language.lower().replace("_", "-").split("-")
    if any(part in _RTL_SCRIPTS for part in parts[1:]):
        return "rtl"
    if any(part in _LTR_SCRIPTS for part in parts[1:]):
        return "ltr"
    return "rtl" if parts[0] in _RTL else "ltr"


def get_autonym(language: str, files: Mapping[str, "CatalogFile"]) -> str:
    """Give what a language calls itself, or its tag where nobody says."""
    primary = language.lower().partition("-")[0]
    return (primary in files and files[primary].name) or _NAMES.get(primary, language)


def has_catalog(language: str, files: Mapping[str, "CatalogFile"]) -> bool:
    """Tell whether there are words in a language; else it gets those of `DEFAULT`."""
    primary = language.lower().partition("-")[0]
    return primary in files and bool(files[primary].words)


def select_plural_category(language: str, number: int) -> str:
    """Give the CLDR plural category (`one`, `few`, `other`, ...) of a whole number."""
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
    """What the pages say in one language; what it lacks is said in English."""

    def __init__(self, language: str, files: Mapping[str, "CatalogFile"]) -> None:
        """Choose among files by language, in lower case."""
        self.language = language
        self._files = tuple(files[name] for name in _fallback_languages(language) if name in files)
        dated = next((file for file in self._files if file.date), CatalogFile())
        # English words are better than none; English dates on a Swedish page are not.
        own = language.lower().partition("-")[0] == DEFAULT_LANGUAGE or dated is not files.get(
            DEFAULT_LANGUAGE
        )
        self._dates = dated if own else CatalogFile()

    def list_keys(self) -> list[str]:
        """Give every key there is."""
        return sorted({key for file in self._files for key in file.words})

    def gettext(self, key: str, number: int | None = None) -> str:
        """Give the words of a key, in the form that goes with a number; `{…}` are left in.

        Raises:
            KeyError: no file has the key.
        """
        for file in self._files:
            forms = file.words.get(key)
            if forms:
                form = "other" if number is None else select_plural_category(file.language, number)
                return forms.get(form, forms["other"])
        raise KeyError(key)

    def format_date(self, day: date, *, year: bool = True) -> str:
        """Give a date as people write it, with its year or without; ISO 8601 if nobody said how."""
        if not self._dates.date:
            return f"{day.year:04}-{day:%m-%d}" if year else f"{day:%m-%d}"
        pattern = self._dates.date if year else self._dates.day
        month = self._dates.months[day.month - 1] if self._dates.months else ""
        return _fill(pattern, month, day.year, day.month, day.day)


class CatalogFile:
    """One language's file of words, read and checked."""

    __slots__ = ("date", "day", "language", "months", "name", "words")

    def __init__(
        self, language: str = "", text: str = "", under: "CatalogFile | None" = None
    ) -> None:
        """Read TOML; what it does not say is taken from the file `under` it.

        Raises:
            ValueError: it is not TOML, or holds what is no words file's.
        """
        table: dict[str, object] = tomllib.loads(text)
        strange = [key for key in table if key not in _KEYS]
        if strange:
            raise ValueError(f'"{strange[0]}" is none of {", ".join(_KEYS)}')
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
                    f'{name} is "{pattern}"; it may hold {{year}} {{month}} {{number}} {{day}}'
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
        raise ValueError(f'"{key}" is not a text')  # noqa: TRY004
    return value


def _fallback_languages(language: str) -> tuple[str, ...]:
    """Give the files to look in, best first: zh-hant-tw, zh-hant, zh, en."""
    full = language.lower().replace("_", "-")
    full = "zh-hant" if full in _TRADITIONAL else full
    parts = full.split("-")
    longer = tuple("-".join(parts[:end]) for end in range(len(parts), 0, -1))
    return (*longer, *(() if DEFAULT_LANGUAGE in longer else (DEFAULT_LANGUAGE,)))
