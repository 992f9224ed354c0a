"""A mail's HTML with a style sheet → the same with every style where it belongs, by css-inline.

Mail programs forget style sheets, above all when a message is forwarded or quoted. What cannot
stand in an element, as `@media`, is kept in one for those that read it.
"""

import css_inline

_CHARSET = '<meta charset="utf-8">'


def inline_css(html: str) -> str:
    """Write the styles of a whole document into its elements."""
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    document = inliner.inline(html)
    # What is kept goes before all else, and browsers look for the encoding at the beginning.
    bare = document.replace(_CHARSET, "", 1)
    return document if bare == document else bare.replace("<head>", f"<head>{_CHARSET}", 1)
