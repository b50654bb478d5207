"""What families mean by their answers: whether they want to hear no more, or to hear again.

47 CFR 64.1200(a)(10) lets anybody revoke in any reasonable way, and names some words that always
do. English and Spanish are read; in doubt about a revocation it is one.
"""

import re
import unicodedata
from enum import StrEnum


class Intent(StrEnum):
    """What an answer says about being written to."""

    STOP = "STOP"
    START = "START"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLAIN = _words(
    "stop stopall stopp stope stopit sotp stpo stahp st0p unsubscribe unsub unsuscribe unsubcribe "
    "unsubscibe optout alto basta paren desuscribir desuscribirme desuscribanme"
)
"""Words that end it when a part of the answer holds nothing else."""

_STOPPING = _PLAIN | _words(
    "quit end revoke withdraw cancel cease discontinue remove block spam arret "
    "parar pare para detener detengan detenganse cancelar cancele cancelen baja fin eliminar "
    "eliminenme quitar remover borrame borreme borrenme"
)
"""Words that end it when they are the whole answer."""

_STARTING = _words(
    "start unstop resume optin subscribe resubscribe alta iniciar reanudar suscribir suscribirme"
)

_FILLING = _words(
    "please pls plz now ok okay thanks thank you hi hello hey hola the all any it this these no "
    "your my text texts texting message messages messaging msg msgs sms email emails mail mails "
    "immediately again just i por favor ya gracias todo todos los las el la de mensaje mensajes "
    "correo correos texto textos ahora mi me ahorita"
)
"""Words that change nothing about a word that stands alone."""

_WRITE = (
    "text|texting|texing|txt|txting|message|messaging|msg|sms|send|sending|contact|contacting|"
    "write|writing|email|emailing"
)
_WRITINGS = "texts?|txts?|messages?|msgs?|sms|e?mails?|spam|contact"
_MANY = "texts|txts|texting|messages|msgs|messaging|sms|e?mails|notifications|communications?"
_ALL = "(?:sending )?(?:all )?(?:of )?(?:the |these |those |your |this |any |my )?"
_ENGLISH = (
    # stop texting me; quit sending messages; cease all contact
    rf"(?<!dont )(?<!not )(?<!never )\bstop (?:all )?(?:the |these |those |your |this |any |with )?"
    rf"(?:{_WRITE}|{_WRITINGS}|bothering|harassing|calling|asking|spamming|annoying|it|this)\b"
    rf"|\b(?:quit|cease|halt|end|discontinue|turn off|cancel) {_ALL}"
    rf"(?:{_MANY}|contact|subscription)\b"
    # do not text; never call or write to me again
    rf"|\b(?:do not|dont|never) (?:ever )?(?:(?:call|phone) (?:me |us )?(?:or|and|nor) )?"
    rf"(?:{_WRITE})(?: to)?(?: (?:me|us|this|here|again|any|anything|anymore|more)\b|$)"
    # no more messages; I no longer wish to receive your texts
    rf"|\b(?:no more |no further |no longer (?:want|wish) |(?:not|dont) (?:want|wish) (?:any )?"
    rf"(?:more )?)(?:of )?(?:to (?:get|receive|have) )?(?:any )?(?:more )?(?:of )?"
    rf"(?:your |these |the )*(?:any )?(?:more )?(?:{_WRITINGS})\b"
    r"|\b(?:not|dont|longer) (?:want|wish) to "
    r"(?:hear from|be (?:contacted|texted|messaged|emailed))\b"
    rf"|^(?:please )?no (?:{_MANY})(?: please| thanks| thank you)*$"
    r"|\b(?:text|message|contact|email|write) (?:me|us) no more\b"
    # you to stop; please just stop
    r"|\b(?:you|this|it|them|these|just|please) (?:to )?stop$"
    r"|\bunsubscribe\b|\bopt(?:ing|ed)? (?:me |us )?out\b|\bopt-?out\b"
    # remove me; take us off your list; lose my number
    r"|(?<!dont )(?<!not )\b(?:remove|delete) (?:me|us)\b"
    r"(?! from (?:the |your |my )?(?:schedule|calendar|appointment|wait))"
    r"|\b(?:take|get) (?:me|us) off(?:$| .*\b(?:lists?|texts?|messages)\b)"
    r"|\b(?:remove|take|delete) (?:my|this|our) (?:(?:phone|cell|mobile) )?(?:number|name)\b"
    r"|\bleave (?:me|us) alone\b|\blose (?:my|this) number\b|\bgo away\b|\b(?:fuck|piss) off\b"
    r"|^(?:sorry )?(?:you have |this is |its |u have )?(?:the |a )?wrong number\b(?! of)"
    # I revoke my consent; I never signed up for this
    r"|\b(?:revoke|withdraw) (?:my |our )?consent\b|^i (?:hereby )?(?:revoke|withdraw)$"
    r"|\b(?:did not|didnt|never) (?:consent(?:ed)?|sign(?:ed)? up|opt(?:ed)? in) (?:to|for) "
    r"(?:this|these|that|any|your|receive|get|texts|messages)\b"
)

_COMMAND = "escriba[ns]?|(?:envi|mand|contact|molest|texte)(?:e|en|es)"
_WRITING = r"escrib\w*|envi\w*|mand\w*|contact\w*|molest\w*|text\w*"
_MENSAJES = "mensajes?|textos?|correos?|sms"
_SPANISH = (
    rf"|\bno (?:me|nos) (?:\w+ ){{0,3}}?(?:{_COMMAND})\b"
    rf"|\bno (?:{_COMMAND}) mas\b|\bno mas (?:{_MENSAJES})\b"
    rf"|\b(?:dej(?:e|en|a|ar)|par(?:e|en|a|ar)) de (?:{_WRITING})"
    r"|\b(?:darme|deme|denme|dar|date|dense) de baja\b|\bquit(?:eme|enme|ame)\b"
    r"|\b(?:borr|elimin|saqu|sac)(?:eme|enme|e|en|ame|enos|ennos|anos)\b.* (?:numero|lista)"
    rf"|\bno quiero (?:recibir )?(?:mas )?(?:sus )?(?:{_MENSAJES})\b"
    r"|\bno (?:deseo|quiero) (?:que (?:me|nos) |recibir)|\boptar por no\b"
)

_PHRASES = re.compile(_ENGLISH + _SPANISH)
"""Wordings that mean it wherever they stand in a part of an answer."""

_PARTS = re.compile(r"[.,!?;:\n\N{EM DASH}\N{EN DASH}]+")
_SHOUTED = re.compile(r"^\W*STOP\b(?! BY\b)|\bSTOP\W*$")
_SIGNS = str.maketrans(dict.fromkeys("\N{OCTAGONAL SIGN}\N{NO ENTRY SIGN}\N{NO ENTRY}", " stop "))
_JOINING = re.compile("['`\N{RIGHT SINGLE QUOTATION MARK}]")
_DRAWN_OUT = re.compile(r"(\w)\1{2,}")

_MOST_READ = 1_000
"""Nobody reads an essay for a keyword; what comes later is read by people."""


def intent_of(text: str) -> Intent | None:
    """Read from an answer whether the family wants to hear no more, or to hear again.

    In doubt about a revocation it is one; nobody is taken to agree who does not say just that.

    >>> intent_of("Please STOP."), intent_of("I'll stop by at 3"), intent_of("Start")
    (<Intent.STOP: 'STOP'>, None, <Intent.START: 'START'>)
    """
    read = unicodedata.normalize("NFKC", text[:_MOST_READ].translate(_SIGNS))
    folded = _folded(read)
    parts = [_folded(part) for part in _PARTS.split(read)]
    if _is_only(folded, _STOPPING) or any(_is_only(part, _PLAIN) for part in parts):
        return Intent.STOP
    if _SHOUTED.search(read) or any(map(_PHRASES.search, (folded, *parts))):
        return Intent.STOP
    if _is_only(folded, _STARTING) and "?" not in read:
        return Intent.START
    return None


def _is_only(folded: str, meant: frozenset[str]) -> bool:
    """Whether words say this and nothing else; letters may stand apart (S.T.O.P)."""
    words = [word for word in folded.split() if word not in _FILLING]
    return folded.replace(" ", "") in meant or (bool(words) and meant.issuperset(words))


def _folded(text: str) -> str:
    """Give the words in lower case, without accents and signs; apostrophes join, others part."""
    plain = unicodedata.normalize("NFKD", _JOINING.sub("", text.casefold()))
    kept = (sign for sign in plain if not unicodedata.combining(sign))
    words = " ".join("".join(sign if sign.isalnum() else " " for sign in kept).split())
    return _DRAWN_OUT.sub(r"\1", words)
