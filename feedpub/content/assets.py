"""Decide by its name and its first octets what a file of the content folder is.

A file is public only where its kind is one that sites serve to readers. All else (what editors
leave, what other generators read, kinds that nobody knows) is withheld and reported by kind.
"""

import re
from collections.abc import Callable, Container, Iterable
from enum import Enum
from posixpath import basename, splitext

from feedpub.config.schema import Config
from feedpub.content.filenames import MARKDOWN_SUFFIXES, is_ignored, matches

SNIFF_BYTES = 1_024
"""Octets of a file that tell whether it begins with front matter."""

HTML_SUFFIXES = (".html", ".htm", ".xht", ".xhtml")
"""Suffixes of files that are posts where they begin with front matter."""

MAX_REPORTED = 5
"""Files of a group that a report names."""


class FileKind(Enum):
    """What is to be done with a file."""

    POST = "read it"
    ASSET = "publish it as it is"
    IGNORED = "take no notice of it"
    BACKUP = "left by an editor, a sync program or a system"
    PRIVATE_FOLDER = "in a folder that other generators keep private"
    FOREIGN_MARKUP = "a text in another markup than Markdown"
    TEMPLATE = "a template, a program or a setting of another generator"
    GENERATOR_DATA = "data of another generator"
    UNKNOWN_TYPE = "of a kind that sites do not serve"


_REPORTS = {
    FileKind.BACKUP: (
        "backup, lock and system files",
        "delete them, or name them under content.ignore",
    ),
    FileKind.PRIVATE_FOLDER: (
        "files in folders such as _drafts, _includes, _layouts and _data",
        "move what readers should see out of there; content.ignore silences this",
    ),
    FileKind.FOREIGN_MARKUP: (
        "texts in other markup than Markdown",
        "convert them to Markdown (pandoc can), or name them under content.ignore",
    ),
    FileKind.TEMPLATE: (
        "templates, programs and settings of other generators",
        "name them under content.ignore, or what is for readers under content.publish",
    ),
    FileKind.GENERATOR_DATA: (
        "data files that belong to posts or to another generator",
        "link to them from a post, or name them under content.publish or content.ignore",
    ),
    FileKind.UNKNOWN_TYPE: (
        "files of kinds that sites do not serve, and that no post links to",
        "link to them from a post, or name them under content.publish or content.ignore",
    ),
}

LINKABLE_KINDS = frozenset({FileKind.GENERATOR_DATA, FileKind.UNKNOWN_TYPE})
"""Kinds that are published all the same where a published post links to the file."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SERVED = _names(
    """
    apng avif bmp cur gif heic heif ico jfif jp2 jpe jpeg jpg jxl pjp pjpeg png svg svgz tif tiff
    webp aac aif aiff flac m3u m3u8 m4a m4b mid midi mka mp3 oga ogg opus pls spx wav weba wma
    xspf 3gp avi flv m2ts m4s m4v mkv mov mp4 mpd mpeg mpg ogv webm wmv ass lrc srt sub vtt eot
    otf ttc ttf woff woff2 azw3 djvu doc docx epub eps fb2 mobi odg odp ods odt pages pdf pps ppsx
    ppt pptx ps rtf swf xls xlsx appcache asc atom cff css csv csvy geojson gpx htm html ics js json
    jsonfeed jsonld kml kmz map mjs n3 nt opml owl pgp rdf rss sig topojson tsv ttl txt vcard vcf
    wasm webmanifest xht xhtml xml xsd xsl xslt 7z apk appimage br bz2 crx deb dmg exe flatpak gem
    gz ipa iso jar lz lzma msi pkg rar rpm snap tar tbz tgz torrent txz whl xpi xz zip zst 3mf 3ds
    dae fbx glb gltf mtl obj ply splat stl usdz vrm
    """
)
"""Suffixes of what readers are served: pictures, sound, film, fonts, documents, the web's own
formats, archives to download, models in three dimensions."""

_MEDIA_SUFFIXES = _names(
    """
    apng avif bmp gif heic heif ico jfif jpe jpeg jpg jxl png svg tif tiff webp aac flac m4a mp3
    oga ogg opus wav 3gp avi m4v mkv mov mp4 mpeg mpg ogv webm woff woff2
    """
)
"""Suffixes behind which that of a text is a part of the name: `readme.md.png`."""

_GENERATED_SUFFIXES = _names("htm html json rss txt xht xhtml xml")  # what templates make
_COMPRESSED = _names("br bz2 gz lz lzma xz zst")

_SERVED_NAMES = _names("apple-app-site-association cname copying copyright keybase licence license")

_SOURCES = _names(
    """
    adoc asciidoc base canvas creole dj djot docbook dokuwiki excalidraw fountain gmi gmni hwp
    ipynb jmd lagda lhs livemd lyx markua mdoc mediawiki mm moinmoin myst nb nw opal org pod qmd
    rdoc rest rmarkdown rmd rnw rst rtex scriv tex texi texinfo textbundle textile textpack tid tw
    twiki txt2tags t2t typ wiki xwiki
    """
)
_TEMPLATES = _names(
    """
    11ty asp aspx astro blade builder cfm cshtml ctp dust eco ect edge eex ejs erb eta ftl gohtml
    gotmpl gsp haml hamlet handlebars hbs heex hjs htmx j2 jade jbuilder jet jinja jinja2 jsp jspx
    jsx latte leaf less liquid lustache mako marko mdc mustache njk nunj nunjucks php php3 php5
    phtml pug qute razor rhtml sass scss shtml slim soy squirrelly sss stache styl stylus svelte
    tera tmpl tpl tsx twig vbhtml velocity view vm vto vue webc
    """
)
_DATA = _names("cfg cnf conf config data env ini json5 jsonc jsonl lock meta ndjson toml yaml yml")
_SETTINGS = _names(
    """
    angular.json bower.json composer.json composer.lock deno.json jsconfig.json lerna.json
    nodemon.json now.json package-lock.json package.json renovate.json tsconfig.json turbo.json
    vercel.json
    """
)

# Not ".text", which is a part of other names: "hero.text.css".
_MARKDOWN = "|".join(suffix[1:] for suffix in MARKDOWN_SUFFIXES if suffix != ".text")
_BACKUP = re.compile(
    rf"""
    ^(?: \#.*\# | ~\$.* | 4913 | icon\r | (?:eh)?thumbs\.db | desktop\.ini )$
    | ~$
    | \.(?:orig|rej|bak\d*+|backup|old|save\d*+|sw[g-px]|te?mp|kate-swp|autosave|lck
        |part|partial|crdownload|download|filepart|sb-[0-9a-f]++-\w++|__jb_(?:tmp|old)_*+)$
    | [. ]sync-conflict-\d{{8}}-
    | \bconflicted[ ]copy\b
    | \.(?:{_MARKDOWN})[.~_-][^.]*+(?:\.(?:gz|bz2|xz|zst|zip|gpg|age|enc))?+$
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_PRIVATE = _names(
    """
    __macosx __pycache__ _data _drafts _includes _layouts _partials _plugins _sass _site
    node_modules
    """
)
_ELEVENTY = re.compile(r".*\.11ty(?:data)?\.[a-z]++", re.IGNORECASE | re.DOTALL)

# Texts that Jekyll fills in where they begin with front matter.
_SNIFFED_SUFFIXES = (
    *(".atom", ".css", ".csv", ".ics", ".js", ".json", ".rss", ".svg", ".txt", ".vcf"),
    *(".webmanifest", ".xml", ".xsl"),
)
_FRONT_MATTER = re.compile(
    rb"(?:\xef\xbb\xbf)?+\s*+"
    rb"(?:-{3,}[ \t]*+\r?\n\s*+(?:-{3}|#|[\w\"'.-][^:\n]*+:)"
    rb"|\+{3,}[ \t]*+\r?\n\s*+(?:\+{3}|\#|\[|[\w\"'.-][^=\n]*+=))"
)

# An article of Pelican in HTML that is not, or not yet, for everybody.
_UNPUBLISHED = re.compile(
    rb"<meta\s++name=[\"']?status[\"']?\s++content=[\"']?(?:draft|hidden|private|skip)\b",
    re.IGNORECASE,
)


class FileClassifier:
    """Tells what each file of one content folder is."""

    def __init__(self, config: Config, paths: Iterable[str], peek: Callable[[str], bytes]) -> None:
        """Use the paths of all files; `peek` returns the first octets of one of them."""
        self._config = config
        self._paths: Container[str] = frozenset(path.lower() for path in paths)
        self._peek = peek
        self._private: dict[str, bool] = {}  # by folder

    def classify(self, path: str) -> FileKind:
        """Return what a file is."""
        folder, _, name = path.rpartition("/")
        private = self._is_private(folder)
        if matches(path, self._config.content.ignore):
            return FileKind.IGNORED
        if not name.startswith(".") and _is_backup(name):
            return FileKind.BACKUP
        if is_ignored(path, self._config):
            return (
                FileKind.PRIVATE_FOLDER
                if private and not name.startswith(".")
                else FileKind.IGNORED
            )
        if self._is_post(path):
            return FileKind.POST
        if private:
            return FileKind.PRIVATE_FOLDER
        return self._asset(path, name.lower())

    def _is_private(self, folder: str) -> bool:
        """Tell whether other generators keep a folder, or one above it, private."""
        known = self._private.get(folder)
        if known is None:
            known = any(each in _PRIVATE for each in folder.lower().split("/"))
            self._private[folder] = known
        return known

    def _is_post(self, path: str) -> bool:
        """Tell whether a file is a post in Markdown, or one in HTML by how it begins."""
        lowered = path.lower()
        return lowered.endswith(MARKDOWN_SUFFIXES) or (
            lowered.endswith(HTML_SUFFIXES) and self._begins(path)
        )

    def _begins(self, path: str) -> bool:
        """Tell whether a file begins with front matter."""
        return _FRONT_MATTER.match(self._peek(path)) is not None

    def _asset(self, path: str, name: str) -> FileKind:
        """Tell whether a file that is no post may be public, and else why not."""
        if matches(path, self._config.content.publish):
            return FileKind.ASSET
        if name.endswith(_SNIFFED_SUFFIXES) and self._begins(path):
            return FileKind.TEMPLATE
        if name.endswith(HTML_SUFFIXES) and _UNPUBLISHED.search(self._peek(path)):
            return FileKind.FOREIGN_MARKUP
        return self._by_name(path, name)

    def _by_name(self, path: str, name: str) -> FileKind:
        """Return what a file is by its name in small letters."""
        stem, suffix = splitext(name)
        while suffix[1:] in _COMPRESSED and splitext(stem)[1]:
            stem, suffix = splitext(stem)
        bare = suffix[1:]
        if bare in _SOURCES:
            return FileKind.FOREIGN_MARKUP
        inner = splitext(stem)[1][1:]  # of "page.njk.html"
        if bare in _TEMPLATES or (bare in _GENERATED_SUFFIXES and inner in _TEMPLATES):
            return FileKind.TEMPLATE
        if _ELEVENTY.fullmatch(name) or name in _SETTINGS:
            return FileKind.TEMPLATE
        if bare in _DATA or (bare == "json" and self._is_data(path.lower())):
            return FileKind.GENERATOR_DATA
        if bare in _SERVED or name in _SERVED_NAMES:
            return FileKind.ASSET
        return FileKind.UNKNOWN_TYPE

    def _is_data(self, path: str) -> bool:
        """Tell whether there is a post of the same name, or all posts of the folder share it."""
        stem = splitext(path)[0]
        if any(stem + suffix in self._paths for suffix in (*MARKDOWN_SUFFIXES, *HTML_SUFFIXES)):
            return True
        folder, _, name = stem.rpartition("/")
        return bool(folder) and basename(folder) == name


def _is_backup(name: str) -> bool:
    """Tell whether a name is one that programs give, not people."""
    lowered = name.lower()
    suffix = lowered.rpartition(".")[2]
    if suffix in _MEDIA_SUFFIXES:  # a picture of "readme.md" is none of its copies
        return False
    # Nearly all files end so, and the pattern takes longer than the rest together.
    if lowered.endswith(MARKDOWN_SUFFIXES) and "conflict" not in lowered and name[0] not in "~#":
        return False
    return _BACKUP.search(name) is not None


def format_unpublished(kind: FileKind, paths: Iterable[str]) -> str:
    """Say of the files of one kind that they are not published, and what to do; "" for none."""
    found = sorted(paths)
    if not found or kind not in _REPORTS:
        return ""
    what, advice = _REPORTS[kind]
    named = ", ".join(found[:MAX_REPORTED])
    rest = f" and {len(found) - MAX_REPORTED:,} more" if len(found) > MAX_REPORTED else ""
    return f"not published: {len(found):,} {what} ({named}{rest}); {advice}"
