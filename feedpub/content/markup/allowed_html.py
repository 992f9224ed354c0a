"""Allow-lists of HTML, SVG and MathML elements and attributes, used by `sanitize` and `embeds`."""

from collections.abc import Mapping

_CELL = frozenset(("align", "colspan", "headers", "rowspan", "style"))
LAZY_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-echo")
"""Attributes that hold the URL of a lazily loaded image, in order of preference."""
LAZY_SRCSETS = ("data-srcset", "data-lazy-srcset", "data-original-set")
_LAZY = frozenset((*LAZY_SOURCES, *LAZY_SRCSETS))

GLOBAL_ATTRIBUTES = frozenset(("class", "dir", "id", "lang", "title"))
_PICTURE = frozenset(
    (
        *("align", "alt", "height", "hidden", "referrerpolicy", "sizes", "src", "srcset"),
        *("style", "width"),
    )
)
ALLOWED_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "a": frozenset(("href", "hreflang", "name", "rel")),
    "audio": frozenset(("loop", "muted", "src", *LAZY_SOURCES)),
    "blockquote": frozenset(("cite",)),
    "col": frozenset(("span",)),
    "colgroup": frozenset(("span",)),
    "data": frozenset(("value",)),
    "del": frozenset(("cite", "datetime")),
    "details": frozenset(("open",)),
    "div": frozenset(("align",)),
    "img": _PICTURE | _LAZY,
    "input": frozenset(("checked", "type")),
    "ins": frozenset(("cite", "datetime")),
    "li": frozenset(("value",)),
    "ol": frozenset(("reversed", "start", "type")),
    "p": frozenset(("align", "style")),
    "pre": frozenset(),
    "q": frozenset(("cite",)),
    "source": frozenset(("height", "media", "sizes", "src", "srcset", "type", "width")) | _LAZY,
    "td": _CELL,
    "th": _CELL | {"abbr", "scope"},
    "time": frozenset(("datetime",)),
    "track": frozenset(("default", "kind", "label", "src", "srclang")),
    "video": frozenset(("height", "loop", "muted", "playsinline", "poster", "src", "width"))
    | frozenset(LAZY_SOURCES),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), frozenset(("align",))),
}
ALLOWED_TAGS = frozenset(
    (
        *("abbr", "acronym", "aside", "b", "bdi", "bdo", "br", "caption", "center", "cite", "code"),
        *("dd", "dfn", "dl", "dt", "em", "figcaption", "figure", "footer", "header", "hr", "i"),
        *("kbd", "mark", "nav", "picture", "rp", "rt", "ruby", "s", "samp", "section", "small"),
        *("span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "tfoot", "thead"),
        *("tr", "tt", "u", "ul", "var", "wbr", *ALLOWED_ATTRIBUTES),
    )
)
"""HTML elements that are published."""

CLEAN_CONTENT_TAGS = frozenset(
    (
        *("head", "noembed", "noframes", "script", "select", "style", "svg", "template"),
        *("textarea", "title"),
    )
)
"""Elements removed together with their content, which is not text."""

UNWRAPPED_TAGS = frozenset(
    (
        *("address", "article", "base", "basefont", "big", "blink", "body", "button", "datalist"),
        *("dialog", "dir", "fieldset", "font", "frameset", "hgroup", "html", "label", "legend"),
        *(
            "link",
            "main",
            "map",
            "marquee",
            "menu",
            "menuitem",
            "meta",
            "meter",
            "nobr",
            "optgroup",
        ),
        *("option", "output", "param", "progress", "rb", "rtc", "search", "slot", "xmp"),
    )
)
"""Known elements removed without a note; their content stays."""

SVG_ELEMENTS: Mapping[str, frozenset[str]] = {
    name: frozenset(attributes.split())
    for name, attributes in {
        "svg": "viewBox width height preserveAspectRatio x y version role aria-label aria-hidden",
        "g": "",
        "defs": "",
        "symbol": "viewBox preserveAspectRatio",
        "marker": "viewBox markerWidth markerHeight markerUnits orient refX refY",
        "use": "href xlink:href x y width height",
        "path": "d pathLength",
        "rect": "x y width height rx ry",
        "circle": "cx cy r",
        "ellipse": "cx cy rx ry",
        "line": "x1 y1 x2 y2",
        "polyline": "points",
        "polygon": "points",
        "text": "x y dx dy rotate textLength lengthAdjust",
        "tspan": "x y dx dy rotate textLength lengthAdjust",
        "linearGradient": "x1 y1 x2 y2 gradientUnits gradientTransform spreadMethod href",
        "radialGradient": "cx cy r fx fy gradientUnits gradientTransform spreadMethod href",
        "stop": "offset stop-color stop-opacity",
        "clipPath": "clipPathUnits",
        "mask": "x y width height maskUnits maskContentUnits",
        "pattern": "x y width height viewBox patternUnits patternContentUnits patternTransform",
    }.items()
}
SVG_PRESENTATION_ATTRIBUTES = frozenset(
    (
        *("clip-path", "clip-rule", "color", "dominant-baseline", "fill", "fill-opacity"),
        *("fill-rule", "font-family", "font-size", "font-style", "font-weight", "letter-spacing"),
        *("marker-end", "marker-mid", "marker-start", "mask", "opacity", "stroke"),
        *("stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin"),
        *("stroke-miterlimit", "stroke-opacity", "stroke-width", "text-anchor", "transform"),
    )
)
"""Attributes allowed on every SVG element."""

MATHML_ELEMENTS: Mapping[str, frozenset[str]] = {
    "math": frozenset(("display", "xmlns", "alttext")),
    "annotation": frozenset(("encoding",)),
    "mo": frozenset(
        (
            *(
                "accent",
                "fence",
                "form",
                "largeop",
                "lspace",
                "maxsize",
                "minsize",
                "movablelimits",
            ),
            *("rspace", "separator", "stretchy", "symmetric"),
        )
    ),
    "mi": frozenset(("mathvariant",)),
    "mn": frozenset(("mathvariant",)),
    "mtext": frozenset(("mathvariant",)),
    "mspace": frozenset(("depth", "height", "linebreak", "width")),
    "mfrac": frozenset(("linethickness",)),
    "mpadded": frozenset(("depth", "height", "lspace", "voffset", "width")),
    "mover": frozenset(("accent",)),
    "munder": frozenset(("accentunder",)),
    "munderover": frozenset(("accent", "accentunder")),
    "mstyle": frozenset(("displaystyle", "mathvariant", "scriptlevel")),
    "menclose": frozenset(("notation",)),
    "mtable": frozenset(("columnalign", "columnlines", "displaystyle", "rowlines", "rowspacing")),
    "mtr": frozenset(("columnalign",)),
    "mtd": frozenset(("columnalign", "columnspan", "rowspan")),
    **dict.fromkeys(
        (
            *("merror", "mmultiscripts", "mphantom", "mprescripts", "mroot", "mrow", "ms"),
            *("msqrt", "msub", "msubsup", "msup", "semantics"),
        ),
        frozenset[str](),
    ),
}
FOREIGN_ELEMENTS = frozenset((*SVG_ELEMENTS, *MATHML_ELEMENTS))
"""SVG and MathML elements. None of them shares its name with an allowed HTML element."""
