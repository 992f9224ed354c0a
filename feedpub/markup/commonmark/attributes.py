"""Attribute lists: `{: .wide}`, `{#id}`, `{.class}`, `{key="value"}`. Other braces are text."""

import re
from xml.etree.ElementTree import Element

from markdown.extensions.attr_list import AttrListTreeprocessor

_ONE = r"(?:[#.][\w:-]++|[A-Za-z][\w:-]*+=(?:\"[^\"{}\n]*+\"|'[^'{}\n]*+'|[^\s\"'{}=<>]++))"
_LIST = rf"\{{(:[^{{}}\n]*+|[ ]*+{_ONE}(?:[ ]++{_ONE})*+[ ]*+)\}}"


class AttributeListProcessor(AttrListTreeprocessor):
    """Python-Markdown's attribute lists, for what is certain to be one."""

    HEADER_RE = re.compile(rf"(?<![ ])[ ]++{_LIST}[ ]*+$")  # type: ignore[misc]  # final in the stubs alone
    BLOCK_RE = re.compile(rf"\n[ ]*+{_LIST}[ ]*+$")  # type: ignore[misc]  # final in the stubs alone
    INLINE_RE = re.compile(rf"^{_LIST}")  # type: ignore[misc]  # final in the stubs alone

    def assign_attrs(self, elem: Element, attrs_string: str, *, strict: bool = False) -> str:
        """Give an element the attributes of a list; return what is left of the list."""
        return super().assign_attrs(elem, attrs_string.lstrip(": "), strict=strict)
