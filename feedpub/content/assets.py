"""Classify the files of the content folder by name and first bytes; see `FileClassifier`.

Only files of types that web sites serve are published. Everything else (editor backups, input of
other generators, unknown types) is withheld and reported by kind.
"""

import re
from collections.abc import Callable, Container, Iterable
from enum import Enum
from posixpath import basename, splitext

from feedpub.config.schema import Config
from feedpub.content.filenames import MARKDOWN_SUFFIXES, is_ignored, matches

SNIFF_BYTES = 1_024
"""Bytes to read to detect front matter at the start of a file."""

HTML_SUFFIXES = (".html", ".htm", ".xht", ".xhtml")
"""Suffixes of files that are posts if they begin with front matter."""

MAX_REPORTED = 5
"""Most files that a report names."""


class FileKind(Enum):
    """The kind of a file, which decides whether it is read, published or withheld."""

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
        "delete them, or list them in content.ignore",
    ),
    FileKind.PRIVATE_FOLDER: (
        "files in folders such as _drafts, _includes, _layouts and _data",
        "move files to be published to another folder; content.ignore silences this",
    ),
    FileKind.FOREIGN_MARKUP: (
        "files in markup other than Markdown",
        "convert them to Markdown (say, with pandoc), or list them in content.ignore",
    ),
    FileKind.TEMPLATE: (
        "templates, scripts and settings of other generators",
        "list them in content.ignore, or those to be published in content.publish",
    ),
    FileKind.GENERATOR_DATA: (
        "data files of posts or of another generator",
        "link to them from a post, or list them in content.publish or content.ignore",
    ),
    FileKind.UNKNOWN_TYPE: (
        "files of types not published by default that no post links to",
        "link to them from a post, or list them in content.publish or content.ignore",
    ),
}

LINKABLE_KINDS = frozenset({FileKind.GENERATOR_DATA, FileKind.UNKNOWN_TYPE})
"""Kinds that are published if a published post links to the file."""


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
"""Suffixes of types that are served: images, audio, video, fonts, documents, web formats, archives
and 3D models."""

_MEDIA_SUFFIXES = _names(
    """
    apng avif bmp gif heic heif ico jfif jpe jpeg jpg jxl png svg tif tiff webp aac flac m4a mp3
    oga ogg opus wav 3gp avi m4v mkv mov mp4 mpeg mpg ogv webm woff woff2
    """
)
"""Suffixes after which a text suffix is part of the name: `readme.md.png`."""

_GENERATED_SUFFIXES = _names("htm html json rss txt xht xhtml xml")  # output of templates
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

# ".text" is left out because it occurs within other names: "hero.text.css".
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

# Types that Jekyll processes as templates if they begin with front matter.
_SNIFFED_SUFFIXES = (
    *(".atom", ".css", ".csv", ".ics", ".js", ".json", ".rss", ".svg", ".txt", ".vcf"),
    *(".webmanifest", ".xml", ".xsl"),
)
_FRONT_MATTER = re.compile(
    rb"(?:\xef\xbb\xbf)?+\s*+"
    rb"(?:-{3,}[ \t]*+\r?\n\s*+(?:-{3}|#|[\w\"'.-][^:\n]*+:)"
    rb"|\+{3,}[ \t]*+\r?\n\s*+(?:\+{3}|\#|\[|[\w\"'.-][^=\n]*+=))"
)

# A Pelican article in HTML that is not public.
_UNPUBLISHED = re.compile(
    rb"<meta\s++name=[\"']?status[\"']?\s++content=[\"']?(?:draft|hidden|private|skip)\b",
    re.IGNORECASE,
)


class FileClassifier:
    """Classifies the files of one content folder."""

    def __init__(self, config: Config, paths: Iterable[str], peek: Callable[[str], bytes]) -> None:
        """Take the paths of all files; `peek` returns the first bytes of one of them."""
        self._config = config
        self._paths: Container[str] = frozenset(path.lower() for path in paths)
        self._peek = peek
        self._private: dict[str, bool] = {}  # by folder

    def classify(self, path: str) -> FileKind:
        """Return the kind of a file."""
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
        """Return whether other generators keep a folder, or a parent of it, private."""
        known = self._private.get(folder)
        if known is None:
            known = any(each in _PRIVATE for each in folder.lower().split("/"))
            self._private[folder] = known
        return known

    def _is_post(self, path: str) -> bool:
        """Return whether a file is a Markdown post, or HTML with front matter."""
        lowered = path.lower()
        return lowered.endswith(MARKDOWN_SUFFIXES) or (
            lowered.endswith(HTML_SUFFIXES) and self._begins(path)
        )

    def _begins(self, path: str) -> bool:
        """Return whether a file begins with front matter."""
        return _FRONT_MATTER.match(self._peek(path)) is not None

    def _asset(self, path: str, name: str) -> FileKind:
        """Return the kind of a file that is not a post."""
        if matches(path, self._config.content.publish):
            return FileKind.ASSET
        if name.endswith(_SNIFFED_SUFFIXES) and self._begins(path):
            return FileKind.TEMPLATE
        if name.endswith(HTML_SUFFIXES) and _UNPUBLISHED.search(self._peek(path)):
            return FileKind.FOREIGN_MARKUP
        return self._by_name(path, name)

    def _by_name(self, path: str, name: str) -> FileKind:
        """Return the kind of a file from its lower-case name."""
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
        """Return whether a JSON file is the data of a post or folder of the same name."""
        stem = splitext(path)[0]
        if any(stem + suffix in self._paths for suffix in (*MARKDOWN_SUFFIXES, *HTML_SUFFIXES)):
            return True
        folder, _, name = stem.rpartition("/")
        return bool(folder) and basename(folder) == name


def _is_backup(name: str) -> bool:
    """Return whether a name is one that programs give to backups and temporary files."""
    lowered = name.lower()
    suffix = lowered.rpartition(".")[2]
    if suffix in _MEDIA_SUFFIXES:  # "readme.md.png" is an image, not a backup of "readme.md"
        return False
    # A fast path for most files: the pattern is slower than all other checks together.
    if lowered.endswith(MARKDOWN_SUFFIXES) and "conflict" not in lowered and name[0] not in "~#":
        return False
    return _BACKUP.search(name) is not None


def format_unpublished(kind: FileKind, paths: Iterable[str]) -> str:
    """Return a report on files of one kind that are not published; "" for none."""
    found = sorted(paths)
    if not found or kind not in _REPORTS:
        return ""
    what, advice = _REPORTS[kind]
    named = ", ".join(found[:MAX_REPORTED])
    rest = f" and {len(found) - MAX_REPORTED:,} more" if len(found) > MAX_REPORTED else ""
    return f"not published: {len(found):,} {what} ({named}{rest}); {advice}"
