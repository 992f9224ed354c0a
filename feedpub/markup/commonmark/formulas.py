r"""Find where TeX ends: `$...$` as pandoc delimits it, `$$...$$`, `\(...\)` and `\[...\]`."""

import re

NOT_HERE, NEVER = -1, -2

_TEX = re.compile(r"\\[A-Za-z]|[\^={}<>+]|_[{\w]")  # what tells a formula from words in brackets


def formula_end(text: str, closing: str, begin: int) -> int:
    """Return where the signs stand that close a formula which begins at a place.

    NOT_HERE says that what begins there is no formula, NEVER that the signs do not come any more.
    """
    if closing == "$" and (not text[begin : begin + 1].strip() or text[begin] == "`"):
        return NOT_HERE
    end = text.find(closing, begin)
    while end >= 0:
        content = text[begin:end]
        if closing == "$$":
            return end
        if closing != "$":
            return end if _TEX.search(content) else NOT_HERE
        following = text[end + 1 : end + 2]
        if content and content[-1] not in " \t\n\\" and not following.isdigit():
            return end
        end = text.find(closing, end + 1)
    return NEVER
