"""Column names and words in the exports of mailing services: data tables, and look-ups in them.

A service needs an entry in VENDOR_FORMATS only if its columns or words mean something different
than elsewhere. Sources: the code of Ghost, listmonk, MailPoet, phpList and Sendy, and the help
pages and API references of the services.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from feedpub.models.newsletter import ACTIVE

_SEPARATORS = re.compile(r"[\W_]+")

# Meanings of columns. The first group occurs in exports by feedpub, too.
EMAIL, NAME, FIRST_NAME, LAST_NAME, LANGUAGE = (
    "email",
    "name",
    "first_name",
    "last_name",
    "language",
)
STATE, CONSENTED_AT, CADENCE = "state", "consented_at", "cadence"
FOLLOWS, FOLLOWED_TAGS, FOLLOWED_AUTHORS = "follows", "follows_tags", "follows_authors"
SUBSCRIBED, CONFIRMED = "subscribed", "confirmed"  # yes or no, or a date
# The same; most severe first.
INACTIVE_STATES = ("complained", "suppressed", "unsubscribed", "bounced")
TRACE_PREFIX = "trace of "  # prefix of INACTIVE_STATES: a date or reason for entering that state
LABELS, JSON_OBJECT = "labels", "object"  # a list of words; a JSON object
# Kept unchanged; not kept; written by feedpub.
CUSTOM_FIELD, IGNORED, NATIVE = "field", "dropped", "own"

MAPPABLE = (
    *(EMAIL, NAME, FIRST_NAME, LAST_NAME, LANGUAGE, STATE, SUBSCRIBED, CONFIRMED, *INACTIVE_STATES),
    *(CADENCE, FOLLOWS, FOLLOWED_TAGS, FOLLOWED_AUTHORS, CONSENTED_AT),
)
"""Meanings a user may assign to a column. Any other word names a custom field."""

# Regular expressions for names normalised by `normalize_label`, best first.
_ABOUT = r"(?:is )?(?:this |the )?(?:subscriber |user |contact |account |email |e mail |address )*"
_COLUMNS = {
    EMAIL: "email; e mail; email address; e mail address; emailaddress; user email address; "
    "user email; (?:primary|contact|subscriber|member|customer) e ?mail(?: address)?; "
    "e ?mail 1(?: value)?; subscriber; mail; mail address; e ?mail ?adresse; adresse e ?mail; "
    "adresse (?:de )?(?:courriel|messagerie); courriel; mel; "
    "correo(?: electr[oó]nico)?; e ?mail (?:del )?(?:contacto|suscriptor); e ?post(?: ?adresse)?; "
    "indirizzo e ?mail; e ?mailadres; endereço de e ?mail; эл(?:ектронная)? почта; "
    "email地址; 邮箱; 电子邮件; 電子郵件; メール; メールアドレス; البريد الإلكتروني",
    NAME: "name; full name; user name; (?:subscriber|contact|member|display) name; nom complet; "
    "vollständiger name; nombre completo; nome completo; имя и фамилия; 姓名; 名前; 氏名",
    FIRST_NAME: "first name; firstname; fname; given name; forename; prénom; prenom; "
    "vorname; nombre; "
    "nome; voornaam; fornavn; förnamn; имя; 名",
    LAST_NAME: "last name; lastname; lname; surname; family name; nom; nom de famille; nachname; "
    "familienname; zuname; apellidos?; cognome; sobrenome; achternaam; etternavn; efternamn; "
    "фамилия; 姓",
    LANGUAGE: "language; lang; locale; langue; sprache; idioma; lingua; taal",
    CADENCE: "cadence",
    FOLLOWS: "follows",
    FOLLOWED_TAGS: "follows tags",
    FOLLOWED_AUTHORS: "follows authors",
    STATE: f"status; subscriber type; {_ABOUT}(?:subscription )?(?:status|state); "
    "(?:e ?mail )?(?:permission|marketing|newsletter|audience|mailing list|opt ?in|list|global) "
    "(?:status|consent|permission|subscription); (?:e ?mail )?(?:marketing )?permission status; "
    "email (?:marketing )?subscription(?: status)?; email marketing(?: consent| status)?; "
    "email marketing consent state; email subscriber status; email list status; "
    "statut(?: (?:global|de l(?:a liste| abonn(?:é|ement)| inscription)|d abonnement))?; "
    "(?:globaler |e ?mail ?|listen ?|anmelde ?|abonnement ?|abo ?|newsletter ?)status; "
    "status der anmeldung; estado (?:global|de (?:la )?(?:suscripci[oó]n|lista)|del suscriptor); "
    "stato (?:globale|dell? ?(?:iscrizione|a lista)|iscrizione)",
    SUBSCRIBED: "subscribed; is subscribed; subscribed to (?:e ?mails?|newsletter); opted in; "
    "is active; active; opt in; optin; e ?mail opt ?in; has opted in; newsletter; "
    "accepts (?:e ?mail )?marketing; (?:e ?mail|newsletter|marketing|gdpr|mailing) "
    "(?:consent|permission|opt ?in); consent; consent given; gdpr; permission to (?:e ?)?mail; "
    "abonné; inscrit; angemeldet; aktiv; suscrito; iscritto; actif; activo; attivo; "
    "einwilligung; dsgvo; rgpd; consentement; consentimiento; consenso; "
    "receives? (?:e ?mails?|newsletters?); (?:newsletter|e ?mail) subscribed",
    CONFIRMED: f"{_ABOUT}(?:confirmed|verified|activated); double opt ?in; doi; confirmé; "
    "bestätigt; "
    "confirmado; confermato",
    "unsubscribed": f"{_ABOUT}(?:unsubscribed|opted out|black ?listed); email disabled; "
    "e ?mail blacklist; opt ?out; (?:has )?(?:e ?mail )?opted out(?: of e ?mails?)?; "
    "(?:globally )?unsubscribed from (?:all )?e ?mails?; blacklisted; do not (?:e ?)?mail; "
    "cancelled; canceled; deleted; "
    "désabonnée?(?: e)?; désinscrite?(?: e)?; deactivated; deaktiviert; abgemeldet; "
    "abbestellt; desuscrito; dado de baja; disiscritto; "
    "uitgeschreven",
    "bounced": f"{_ABOUT}(?:hard )?(?:bounced|cleaned|undeliverable|invalid)",
    "complained": f"{_ABOUT}(?:complained|spam|marked as spam|junk|complaint|spam complaint)",
    "suppressed": f"{_ABOUT}(?:suppressed|blocked|banned|block ?listed); bloqué; gesperrt; "
    "bloqueado; bloccato; disabled; email suppressed; "
    "is this (?:subscriber|user|contact|account) disabled",
    f"{TRACE_PREFIX}unsubscribed": "unsub time; (?:confirmed )?(?:unsub\\w*|opt(?:ed)? "
    "?out|deleted) "
    "(?:\\w+ )?(?:at|on|date|time|reason|source|comment|feedback|campaign|campaign title|"
    "campaign id); (?:date|time|reason)(?: of| for)? (?:unsub\\w*|opt ?out); "
    "date de dés(?:abonnement|inscription); abmelde(?:datum|grund|zeit); abgemeldet (?:am|seit); "
    "fecha de (?:baja|desuscripci[oó]n); motivo de (?:la )?baja; data disiscrizione",
    f"{TRACE_PREFIX}bounced": "clean (?:time|campaign title|campaign id); (?:hard "
    ")?(?:bounced?|cleaned) "
    "(?:at|on|date|time|reason|message); undeliverability (?:date|reason)",
    f"{TRACE_PREFIX}complained": "(?:complain(?:ed|t)|marked as spam|spam(?: complaint)?) "
    "(?:at|on|date|time)",
    f"{TRACE_PREFIX}suppressed": (
        "(?:suppressed|blocked|block ?listed|banned) (?:at|on|date|time|reason)"
    ),
    CONSENTED_AT: "consented at; consent (?:date|time|timestamp); (?:email )?confirm(?:ed|ation)? "
    "(?:time|at|date|on); opted in (?:at|on|date); opt ?in (?:time|at|date|timestamp); "
    "opted in; double opt ?in; confirmed; activated; subscribed at; "
    "subscribed (?:on|date); subscribed; "
    "subscri(?:be|ption) date; last subscribed at; subscription created at; "
    "since; start date; sign ?up(?: date| time|ed at|ed up at)?; joined(?: at| on)?; join date; "
    "date (?:joined|subscribed|added|registered|created|entered|of consent|d inscription|"
    "d ajout|d abonnement); registered(?: at| on)?; registration date; entered; added time; "
    "added(?: at| on)?; created(?: at| on| time| date)?; creat(?:e|ion) date; "
    "anmelde(?:datum|zeit); angemeldet (?:am|seit); registriert(?: am)?; erstellt(?: am)?; "
    "hinzugefügt(?: am)?; inscrit le; fecha de (?:alta|suscripci[oó]n|registro|creaci[oó]n); "
    "data (?:di )?iscrizione; cdate; timestamp",
    LABELS: "tags; labels",
    JSON_OBJECT: "fields; attributes; metadata",
}
# Names with different meanings in different tables: the cells decide.
_AMBIGUOUS = {
    STATE: "state; type; estado; stato; état; etat; subscription; subscriber type; "
    ".*(?:status|statut|zustand).*",
    CONSENTED_AT: "date; datum; fecha; data; date time",
}
# Names that look as if they were about consent.
_CONSENT_NAME = re.compile(
    r"unsub|(?<!de)subscri(?!ber|pt)|opt(?:ed)? ?(?:in|out)|optin|consent|einwillig|zustimm|"
    r"permission|erlaubn|autori[sz]|gdpr|dsgvo|rgpd|lopd|toestemming|statu[st]|"
    r"black ?list|block ?list|deny ?list|\bblock|bloqu|blocc|sperr|liste noire|lista negra|"
    r"robinson|suppress|banned|bounce|rebond|rebot|rimbalz|zustell|deliverab|complain|plainte|\bqueja|"
    r"beschwer|spam|junk|abuse|clean|bereinigt|delet|gelöscht|supprim|elimin|removed|"
    r"confirm|bestätig|bestaetig|conferma|verif|vérif|geprüft|\bdoi\b|d[eé]s(?:abonn|inscri)|"
    r"abgemeldet|abmeld|ausgetrag|abbestell|abonnement|angemeldet|uitgeschr|afgemeld|disiscri|"
    r"avregistr|avmeld|afmeldt|avprenum|wypisan|отпис|退[订訂]|配信停止|수신거부|"
    r"desuscri|suscri|\bbaja\b|descadastr|do not|\bdont\b|\bno ?e?mail|accepts|mailable|"
    r"aktiv|\b(?:in)?acti(?:f|vo|ve)\b|\battivo\b|disabled|enabled|deactivat|\b(?:in)?valid|archived|"
    r"cancel|gek[uü]ndigt|mailing ?list|newsletter"
)
# Words for opting out: such columns are unrelated only if about other channels or identifiers.
_OPT_OUT_NAME = re.compile(
    r"unsub|opt(?:ed)? ?out|black ?list|block ?list|deny ?list|suppress|complain|hard ?bounc|"
    r"d[eé]sabonn|d[eé]sinscri|abgemeldet|abmeld"
)
_IDENTIFIER = re.compile(
    r".*\b(?:sms|whats ?app|phone|mobile|push|postal|telefon|calls?)\b.*|"
    r".*\b(?:url|link|token|hash|key|ip|ip address|id|uuid|page|country|user agent)"
)
# Names that only look so: other channels, metrics, links, and others known to be irrelevant.
_UNRELATED_NAME = re.compile(
    r".*\b(?:sms|whats ?app|phone|mobile|push|postal|telefon|calls?|rss|web)\b.*|"
    r"(?:days|last|total|unique|first|number of|did this|which|send this|two|stripe|paid|card|"
    r"payment|billing|order|plan|member(?:ship)?|account|activity|gift) .*|"
    r".*\b(?:url|link|token|hash|key|ip|ip address|referr?er|country|user agent|language|form|"
    r"page|count|rate|opens?|clicks?|score|rating|id|uuid|lists?|groups?|segments?|version|text)|"
    r"subscription (?!state|status).*|active subscription|"
    r"consent (?:how|source|text|method|form)|consent to track|emails? dropped|"
    r"(?:soft )?bounces|soft bounce.*|cancel(?:led|ed)? (?:at|date)|(?:sent|received|opened).*"
)

_WORDS = {
    ACTIVE: "active; subscribed; confirmed; enabled; regular; premium; trialed; unpaid; "
    "gifted; churning; churned; paused; past due; opted in; opt in; yes; true; 1; y; "
    "t; on; x; express; expressed; explicit; implied; implicit; single opt in; double "
    "opt in; confirmed opt in; single; double; granted; given; in trial; guest; not "
    "renewing; verified; mailable; abonné; abonnée; inscrit; inscrite; actif; "
    "confirmé; confirmée; oui; vrai; angemeldet; abonniert; aktiv; bestätigt; ja; "
    "wahr; eingetragen; suscrito; suscrita; activo; activa; confirmado; confirmada; "
    "sí; si; verdadero; iscritto; iscritta; attivo; attiva; confermato; vero; ativo; "
    "inscrito; sim; ingeschreven; geabonneerd; actief; bevestigd; prenumererar; "
    "påmeldt; tilmeldt; подписан; 订阅; 已订阅",
    "pending": "pending; unconfirmed; not confirmed; unactivated; nonsubscribed; non subscribed; "
    "not subscribed; never subscribed; transactional; invited; waiting; awaiting "
    "confirmation; no permissions set; no permission set; unknown; not set; not "
    "specified; unverified; validating; needs attention; pending confirmation; "
    "confirmation pending; not opted in; en attente; non confirmé; non confirmée; "
    "unbestätigt; nicht bestätigt; ausstehend; wartend; pendiente; no confirmado; sin "
    "confirmar; in attesa; non confermato; pendente; niet bevestigd; in afwachting; "
    "none; no consent; no permission; nie potwierdzony",
    "unsubscribed": "unsubscribed; opted out; opt out; inactive; cancelled; canceled; archived; "
    "deleted; unsub; left; no; false; 0; n; f; off; denied; withdrawn; revoked; "
    "refused; deactivated; global unsubscribe; globally unsubscribed; désabonné; "
    "désabonnée; désinscrit; désinscrite; inactif; supprimé; supprimée; non; faux; "
    "abgemeldet; abbestellt; ausgetragen; gekündigt; gelöscht; inaktiv; deaktiviert; "
    "nein; falsch; baja; dado de baja; de baja; desuscrito; desuscrita; inactivo; "
    "inactiva; eliminado; eliminada; falso; disiscritto; disiscritta; cancellato; "
    "inattivo; descadastrado; cancelado; inativo; não; uitgeschreven; afgemeld; "
    "inactief; nee; unsubscribes; avregistrerad; avmeldt; afmeldt; wypisany; отписан; "
    "отписался; 退订; 退訂; 配信停止",
    "bounced": "bounced; hard bounced; hard bounce; bounce; cleaned; undeliverable; malformed; "
    "invalid; undelivered; dropped; unreachable; non existent; unzustellbar; rebond; "
    "rebotado; rebotada; rebote; rimbalzato; devolvido; gebounced; ungültig; "
    "invalide; inválido",
    "complained": "complained; complaint; complaints; spam complaint; marked as spam; junk; spam; "
    "abuse; abuse complaint; reported spam; spammed; plainte; beschwerde; queja; "
    "reclamo",
    "suppressed": "suppressed; blocklisted; blacklisted; blacklist; blocklist; block listed; "
    "blocked; spammy; removed; disabled; banned; not sending; suppression list; temp "
    "hold; temporary hold; held; do not mail; do not email; quarantined; bloqué; "
    "bloquée; liste noire; blockiert; gesperrt; bloqueado; bloqueada; bloccato; "
    "geblokkeerd",
}
STATE_WORDS: Mapping[str, str] = {
    word: state for state, words in _WORDS.items() for word in words.split("; ")
}
"""State by word, for every service; words are normalised by `normalize_label`."""

_YES_WORDS = (
    "true; yes; 1; y; t; x; on; checked; oui; vrai; ja; wahr; sí; si; verdadero; vero; sim; ✓; ✔; ☑"
)
_NO_WORDS = "false; no; 0; n; f; off; unchecked; non; faux; nein; falsch; falso; não; nee; ☐; ✗"
_YES, _NO = frozenset(_YES_WORDS.split("; ")), frozenset(_NO_WORDS.split("; "))
NULL_VALUES = frozenset(("", "-", "null", "n/a", "nan", "\\n"))
"""Values that programs write for a missing one."""

BOOLEAN_WORDS = _YES | _NO
"""Answers to a question; they mean nothing if the question is unknown."""

INACTIVE_WORDS = frozenset(
    word for word, state in STATE_WORDS.items() if state != ACTIVE and word not in BOOLEAN_WORDS
) - {"left", "unknown", "waiting", "off", "not set", "not specified", "invited", "single"}
"""Words that mark a subscriber not to be mailed, in any column."""


@dataclass(frozen=True, slots=True)
class VendorFormat:
    """The peculiarities of the exports of one service."""

    name: str
    # Sets of columns: one complete set identifies the service.
    signatures: tuple[frozenset[str], ...] = ()
    ignored_columns: re.Pattern[str] = re.compile("(?!)")  # columns not worth keeping
    state_words: Mapping[str, str] = field(default_factory=dict)
    day_first: bool | None = None  # order of its numeric dates


def _signs(*names: str) -> tuple[frozenset[str], ...]:
    """Return signatures; "a; b" means the columns a and b together."""
    return tuple(frozenset(each.split("; ")) for each in names)


FEEDPUB = VendorFormat("feedpub", _signs("email; state; consented at; consent how"))
_UNKNOWN = VendorFormat("")
VENDOR_FORMATS = (
    FEEDPUB,
    VendorFormat(
        "Mailchimp",
        _signs(
            *(f"email address; {own}" for own in ("member rating", "optin time", "leid", "euid"))
        ),
        # Location and open rates are personal data that feedpub has no use for.
        ignored_columns=re.compile(
            "member rating|latitude|longitude|gmtoff|dstoff|timezone|cc|region|last changed|"
            "leid|euid"
        ),
    ),
    VendorFormat(
        "Substack",
        _signs(
            "email; active subscription",
            "email; email disabled",
            "email; subscription source free",
            "user email address",
        ),
        ignored_columns=re.compile(
            "(?!(?:name|plan|type|stripe plan|subscription type|sections)$).*"
        ),
    ),
    VendorFormat(
        "Ghost",
        _signs("email; subscribed to emails"),
        ignored_columns=re.compile("id|stripe customer id|expiry at|gift id|error"),
    ),
    VendorFormat(
        "Buttondown",
        _signs("email; subscriber type", "email; type; creation date")
        + _signs("email address; type; creation date", "email address; subscriber type"),
        ignored_columns=re.compile("(?!(?:name|notes)$).*"),
    ),
    VendorFormat(
        "listmonk",
        _signs("uuid; email; attributes"),
        ignored_columns=re.compile("id|uuid|updated at"),
    ),
    VendorFormat(
        "Brevo",
        _signs("email; email blacklisted", "email; added time; modified time"),
        day_first=True,
    ),
    VendorFormat(
        "Kit",
        _signs("email address; first name; state; created at", "email; first name; state; tags"),
        state_words={"inactive": "pending"},  # not confirmed
    ),
    VendorFormat(
        "MailPoet",
        _signs("email; list status; global status"),
        state_words={"inactive": "pending"},  # has opened nothing for long, but has not left
    ),
    VendorFormat(
        "phpList",
        _signs(
            "email; is this subscriber confirmed; is this subscriber blacklisted",
            "email; is this user confirmed; is this user blacklisted",
        ),
        ignored_columns=re.compile("id|unique id.*|foreign key|last modified"),
    ),
)


def _compiled(names: Mapping[str, str]) -> tuple[tuple[str, int, re.Pattern[str]], ...]:
    return tuple(
        (meaning, rank, re.compile(name))
        for meaning, patterns in names.items()
        for rank, name in enumerate(patterns.split("; "))
    )


_COLUMN_PATTERNS, _AMBIGUOUS_PATTERNS = _compiled(_COLUMNS), _compiled(_AMBIGUOUS)


def normalize_label(name: str) -> str:
    """Return a name in a uniform spelling: "E-Mail" becomes "e mail"."""
    return _SEPARATORS.sub(" ", name.casefold()).strip()


def detect_vendor(names: frozenset[str]) -> VendorFormat:
    """Return the service that exports a table with these columns; its name is "" if unknown."""
    return next(
        (each for each in VENDOR_FORMATS if any(sign <= names for sign in each.signatures)),
        _UNKNOWN,
    )


def find_meanings(name: str) -> dict[str, int]:
    """Return the possible meanings of a column name, each with its rank (0: best)."""
    found: dict[str, int] = {}
    for meaning, rank, pattern in _COLUMN_PATTERNS:
        if pattern.fullmatch(name):
            found.setdefault(meaning, rank)
    return found


def find_possible_meanings(name: str) -> frozenset[str]:
    """Return the meanings that a column of this name has if its cells agree."""
    if _UNRELATED_NAME.fullmatch(name):
        return frozenset()
    return frozenset(
        meaning for meaning, _, pattern in _AMBIGUOUS_PATTERNS if pattern.fullmatch(name)
    )


def is_consent_column(name: str) -> bool:
    """Return whether a column name looks as if it were about consent."""
    quiet = _IDENTIFIER if _OPT_OUT_NAME.search(name) else _UNRELATED_NAME
    return bool(_CONSENT_NAME.search(name)) and not quiet.fullmatch(name)


def parse_boolean(word: str) -> bool | None:
    """Return the boolean for a yes or no; None if the word is neither."""
    folded = word.strip().casefold()
    return True if folded in _YES else False if folded in _NO else None
