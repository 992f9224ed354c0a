"""Recognise and compare language tags (BCP 47) from front matter, file names and folders."""

import re

_FORM = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{1,8})*+)")
_NAMED = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?")
_SCRIPT, _REGION = 4, 2  # letters of these parts of a tag

# ISO 639-1. Of the thousands of three-letter codes, only those that CLDR has data for and that are
# not common file suffixes: "css", "ext" and "bar" are languages, too.
_CODES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
    ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
    lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
    pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    ast bho ceb chr ckb csb dsb fil frr fur gsw hak haw hsb ilo kab kok ksh lij lmo mai mni nan nap
    nds nqo pap pms rif rue sah scn sco sma smj smn sms szl tzm vec wuu yue zgh
    """.split()  # noqa: SIM905 - two hundred pairs of quotation marks add nothing
)
# ISO 15924. Checked so that "no-code" and "it-tips" are not taken for language tags.
_SCRIPTS = frozenset(
    """
    adlm arab armn beng cans cher cyrl deva ethi geor grek gujr guru hang hans hant hebr jpan khmr
    knda kore laoo latn mlym mong mymr nkoo olck orya sinh syrc taml telu tfng thaa thai tibt vaii
    """.split()  # noqa: SIM905
)


def normalize_tag(text: str) -> str:
    """Return a language tag in BCP 47 case; "" if the text is not shaped like one.

    `zh_cn.UTF-8` becomes zh-CN, and `EN-us` becomes en-US.
    """
    found = _FORM.fullmatch(text.partition(".")[0].replace("_", "-"))
    if not found:
        return ""
    # RFC 5646 section 2.1.1: scripts in title case, regions in upper case.
    cased = {_SCRIPT: str.title, _REGION: str.upper}
    parts = (cased.get(len(part), str)(part) for part in found[2].split("-")[1:])
    return "-".join((found[1].lower(), *parts))


def parse_language_code(text: str) -> str:
    """Return the language tag that a part of a file name stands for, or "".

    Only known languages count: "fr", "zh-cn" and "sr_Latn", but not "js" or "v2".
    """
    found = _NAMED.fullmatch(text.replace("_", "-"))
    if not found or found[1].lower() not in _CODES:
        return ""
    if found[2] and found[2].lower() not in _SCRIPTS:
        return ""
    return normalize_tag(text)


def get_primary_language(tag: str) -> str:
    """Return the primary subtag: "zh" for "zh-Hant-TW"."""
    return tag.partition("-")[0].lower()


def score_language_match(tag: str, wanted: str) -> int:
    """Return how well `tag` serves a request for `wanted`; 0 if it does not.

    An identical tag scores highest, then a less specific one, a more specific one, and the same
    language in another region (RFC 4647 section 3.4).
    """
    one, other = tag.lower(), wanted.lower()
    if one == other:
        return 4
    if other.startswith(f"{one}-"):
        return 3
    if one.startswith(f"{other}-"):
        return 2
    return int(get_primary_language(one) == get_primary_language(other))
