"""What columns and words mean in the exports of other services: data only, and how to look it up.

A service needs an entry in `SERVICES` only where its columns or words mean something other than
everybody else's. Sources: the programs' own code (Ghost, listmonk, MailPoet, phpList, Sendy) and
the services' help pages and API references.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from feedpub.mailing import ACTIVE

_APART = re.compile(r"[\W_]+")

# What a column may hold. Those of the first group are written by feedpub itself as well.
EMAIL, NAME, FIRST, LAST, LANGUAGE = "email", "name", "first_name", "last_name", "language"
STATE, CONSENTED, CADENCE = "state", "consented_at", "cadence"
FOLLOWS, TAGS, AUTHORS = "follows", "follows_tags", "follows_authors"
SUBSCRIBED, CONFIRMED = "subscribed", "confirmed"  # yes or no, or since when
ENDED = ("complained", "suppressed", "unsubscribed", "bounced")  # likewise; the gravest first
TRACE = "trace of "  # and one of ENDED: whatever stands there, a date or a reason, came with it
LABELS, OBJECT = "labels", "object"  # a list of words; JSON of names and values
FIELD, DROPPED, OWN = "field", "dropped", "own"  # kept as it is; not kept; feedpub's own

MAPPABLE = (
    *(EMAIL, NAME, FIRST, LAST, LANGUAGE, STATE, SUBSCRIBED, CONFIRMED, *ENDED),
    *(CADENCE, FOLLOWS, TAGS, AUTHORS, CONSENTED),
)
"""What a person may say a column is. Any other word names a free field."""

# Regular expressions of names as `simple` gives them, the best first.
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
    FIRST: "first name; firstname; fname; given name; forename; prénom; prenom; vorname; nombre; "
    "nome; voornaam; fornavn; förnamn; имя; 名",
    LAST: "last name; lastname; lname; surname; family name; nom; nom de famille; nachname; "
    "familienname; zuname; apellidos?; cognome; sobrenome; achternaam; etternavn; efternamn; "
    "фамилия; 姓",
    LANGUAGE: "language; lang; locale; langue; sprache; idioma; lingua; taal",
    CADENCE: "cadence",
    FOLLOWS: "follows",
    TAGS: "follows tags",
    AUTHORS: "follows authors",
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
    f"{TRACE}unsubscribed": "unsub time; (?:confirmed )?(?:unsub\\w*|opt(?:ed)? ?out|deleted) "
    "(?:\\w+ )?(?:at|on|date|time|reason|source|comment|feedback|campaign|campaign title|"
    "campaign id); (?:date|time|reason)(?: of| for)? (?:unsub\\w*|opt ?out); "
    "date de dés(?:abonnement|inscription); abmelde(?:datum|grund|zeit); abgemeldet (?:am|seit); "
    "fecha de (?:baja|desuscripci[oó]n); motivo de (?:la )?baja; data disiscrizione",
    f"{TRACE}bounced": "clean (?:time|campaign title|campaign id); (?:hard )?(?:bounced?|cleaned) "
    "(?:at|on|date|time|reason|message); undeliverability (?:date|reason)",
    f"{TRACE}complained": "(?:complain(?:ed|t)|marked as spam|spam(?: complaint)?) "
    "(?:at|on|date|time)",
    f"{TRACE}suppressed": "(?:suppressed|blocked|block ?listed|banned) (?:at|on|date|time|reason)",
    CONSENTED: "consented at; consent (?:date|time|timestamp); (?:email )?confirm(?:ed|ation)? "
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
    OBJECT: "fields; attributes; metadata",
}
# A name that means one thing in one table and another in the next: its cells decide.
_AMBIGUOUS = {
    STATE: "state; type; estado; stato; état; etat; subscription; subscriber type; "
    ".*(?:status|statut|zustand).*",
    CONSENTED: "date; datum; fecha; data; date time",
}
# What looks as if it told whether somebody may be mailed.
_TELLING = re.compile(
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
# Words for leaving: of columns named by them, only other channels and identifiers tell nothing.
_LEFT = re.compile(
    r"unsub|opt(?:ed)? ?out|black ?list|block ?list|deny ?list|suppress|complain|hard ?bounc|"
    r"d[eé]sabonn|d[eé]sinscri|abgemeldet|abmeld"
)
_IDENTIFIER = re.compile(
    r".*\b(?:sms|whats ?app|phone|mobile|push|postal|telefon|calls?)\b.*|"
    r".*\b(?:url|link|token|hash|key|ip|ip address|id|uuid|page|country|user agent)"
)
# What only looks so: other channels, measurements, links, and what is known to mean nothing here.
_QUIET = re.compile(
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
"""The state that a word means, whoever writes it; the word is in the form that `simple` gives."""

_YES_WORDS = (
    "true; yes; 1; y; t; x; on; checked; oui; vrai; ja; wahr; sí; si; verdadero; vero; sim; ✓; ✔; ☑"
)
_NO_WORDS = "false; no; 0; n; f; off; unchecked; non; faux; nein; falsch; falso; não; nee; ☐; ✗"
_YES, _NO = frozenset(_YES_WORDS.split("; ")), frozenset(_NO_WORDS.split("; "))
BLANKS = frozenset(("", "-", "null", "n/a", "nan", "\\n"))
"""What programs write for nothing."""

SWITCHES = _YES | _NO
"""Words that answer a question, and say nothing where the question is not known."""

LEAVING = frozenset(
    word for word, state in STATE_WORDS.items() if state != ACTIVE and word not in SWITCHES
) - {"left", "unknown", "waiting", "off", "not set", "not specified", "invited", "single"}
"""Words for the state of somebody who is not to be mailed, wherever they stand."""


@dataclass(frozen=True, slots=True)
class Service:
    """Whose exports have columns or words that mean something else than in other tables."""

    name: str
    signs: tuple[frozenset[str], ...] = ()  # columns: a table is theirs that has all of one set
    dropped: re.Pattern[str] = re.compile("(?!)")  # columns that nobody wrote, or wants to keep
    words: Mapping[str, str] = field(default_factory=dict)
    day_first: bool | None = None  # how it writes dates that are not ISO


def _signs(*names: str) -> tuple[frozenset[str], ...]:
    """Read "a; b" as: known by the columns a and b together."""
    return tuple(frozenset(each.split("; ")) for each in names)


FEEDPUB = Service("feedpub", _signs("email; state; consented at; consent how"))
_UNKNOWN = Service("")
SERVICES = (
    FEEDPUB,
    Service(
        "Mailchimp",
        _signs(
            *(f"email address; {own}" for own in ("member rating", "optin time", "leid", "euid"))
        ),
        # Where somebody was and how often they opened a mail is no business of feedpub's.
        dropped=re.compile(
            "member rating|latitude|longitude|gmtoff|dstoff|timezone|cc|region|last changed|"
            "leid|euid"
        ),
    ),
    Service(
        "Substack",
        _signs(
            "email; active subscription",
            "email; email disabled",
            "email; subscription source free",
            "user email address",
        ),
        dropped=re.compile("(?!(?:name|plan|type|stripe plan|subscription type|sections)$).*"),
    ),
    Service(
        "Ghost",
        _signs("email; subscribed to emails"),
        dropped=re.compile("id|stripe customer id|expiry at|gift id|error"),
    ),
    Service(
        "Buttondown",
        _signs("email; subscriber type", "email; type; creation date")
        + _signs("email address; type; creation date", "email address; subscriber type"),
        dropped=re.compile("(?!(?:name|notes)$).*"),
    ),
    Service(
        "listmonk",
        _signs("uuid; email; attributes"),
        dropped=re.compile("id|uuid|updated at"),
    ),
    Service(
        "Brevo",
        _signs("email; email blacklisted", "email; added time; modified time"),
        day_first=True,
    ),
    Service(
        "Kit",
        _signs("email address; first name; state; created at", "email; first name; state; tags"),
        words={"inactive": "pending"},  # has not confirmed
    ),
    Service(
        "MailPoet",
        _signs("email; list status; global status"),
        words={"inactive": "pending"},  # has not opened anything for long; has not left
    ),
    Service(
        "phpList",
        _signs(
            "email; is this subscriber confirmed; is this subscriber blacklisted",
            "email; is this user confirmed; is this user blacklisted",
        ),
        dropped=re.compile("id|unique id.*|foreign key|last modified"),
    ),
)


def _compiled(names: Mapping[str, str]) -> tuple[tuple[str, int, re.Pattern[str]], ...]:
    return tuple(
        (meaning, rank, re.compile(name))
        for meaning, patterns in names.items()
        for rank, name in enumerate(patterns.split("; "))
    )


_KNOWN, _EITHER = _compiled(_COLUMNS), _compiled(_AMBIGUOUS)


def simple(name: str) -> str:
    """Return a name without what programs spell differently: "E-Mail" is "e mail"."""
    return _APART.sub(" ", name.casefold()).strip()


def identify(names: frozenset[str]) -> Service:
    """Return the service that exported a table with these columns; its name is "" if unknown."""
    return next((each for each in SERVICES if any(sign <= names for sign in each.signs)), _UNKNOWN)


def meanings(name: str) -> dict[str, int]:
    """Return what a column of this name may mean, and how good a name it is for that (0: best)."""
    found: dict[str, int] = {}
    for meaning, rank, pattern in _KNOWN:
        if pattern.fullmatch(name):
            found.setdefault(meaning, rank)
    return found


def candidates(name: str) -> frozenset[str]:
    """Return what a column of this name means if its cells look like that."""
    if _QUIET.fullmatch(name):
        return frozenset()
    return frozenset(meaning for meaning, _, pattern in _EITHER if pattern.fullmatch(name))


def is_telling(name: str) -> bool:
    """Return whether a column looks as if it told who may be mailed."""
    quiet = _IDENTIFIER if _LEFT.search(name) else _QUIET
    return bool(_TELLING.search(name)) and not quiet.fullmatch(name)


def answer(word: str) -> bool | None:
    """Read a yes or no; None where it is neither."""
    folded = word.strip().casefold()
    return True if folded in _YES else False if folded in _NO else None
