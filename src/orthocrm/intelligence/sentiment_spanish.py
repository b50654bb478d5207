"""Spanish words and turns of phrase, written for the same world; accents may be left out."""

import unicodedata
from collections.abc import Sequence

from orthocrm.intelligence.sentiment_lexicon import Lexicon, Topic

_WORDS = {
    3: """
        amamos amo encanta* encanto excelente* excepcional* fantastic* feliz felices genial*
        increible* maravill* mejor mejores perfect* recomend*
    """,
    2: """
        agradable* agradec* alegr* amable* amigable* atent* bien bonit* buen buena buenas bueno
        buenos comod* content* eficien* facil* gracias gust* limpi* linda lindo paciente*
        profesional* puntual* rapid* satisf* segur* tranquil* util
    """,
    1: "acept* clar* interesad* list* ok vale",
    -1: "car cuota* demora* duda* nervios* preocup* tarde",
    -2: """
        abus* caro caros cara caras cancel* confus* costos* culpa decepcion* descontent* desorganiz*
        dificil* dolor* doli* duele* duelen enfad* enoj* equivoc* error* esper esperando falla*
        fallo incomod* inflam* injust* lent* llora* mal mala malas malo malos molest* negar* negaron
        perdi* problema* quej* rechaz* reembols* rot* roto sangr* suci* trist*
    """,
    -3: """
        asco desastr* estafa* fatal furios* groser* horribl* inaceptabl* incompeten* indign* ladron*
        maleducad* mentir* nefast* peor pesim* pesadilla robo terribl* verguenza
    """,
}

_PHRASES = {
    Topic.PRICE: {
        -3: """
            muy caro; muy cara; demasiado caro; demasiado cara; demasiado dinero; muy costoso;
            no podemos pagar; no puedo pagar; no nos alcanza; no me alcanza; fuera de presupuesto;
            fuera de nuestro presupuesto; cobraron dos veces; cobraron de mas; no vale la pena
        """,
        2: "buen precio; precio justo; vale la pena; a buen precio",
    },
    Topic.COMPETITOR: {
        -3: """
            otro ortodoncista; otra ortodoncista; otra clinica; otro consultorio; otro dentista;
            otra parte; otro lado; otro lugar
        """,
    },
    Topic.PAIN: {
        -3: "mucho dolor; le duele; me duele; no puede comer; no puedo comer; no puede dormir",
        2: "sin dolor; no duele; no dolio; no le dolio; no me dolio",
    },
    Topic.WAITING: {
        -3: """
            nadie llama; nadie llamo; nadie me llamo; nadie nos llamo; nadie contesta;
            nadie responde; nunca llamaron; nunca contestan; nunca me llamaron; sigo esperando;
            seguimos esperando; esperando horas; perdida de tiempo; mucha espera
        """,
        2: "sin espera; a tiempo",
    },
    Topic.INSURANCE: {
        -3: """
            no cubre; no lo cubre; no cubre nada; no cubre todo; nadie nos lo dijo; nadie lo dijo;
            no aceptan nuestro seguro; no aceptan mi seguro; fuera de la red
        """,
        2: "seguro cubre; lo cubre",
    },
    Topic.COMPLAINT: {
        -4: """
            no volveremos; no vuelvo; no volvere; nunca mas; voy a denunciar; hablar con el gerente;
            quiero mi dinero; queremos nuestro dinero; mala resena
        """,
        -3: """
            no nos interesa; no me interesa; no estamos interesados; no estoy interesado;
            no estoy interesada; dejen de llamar; deje de llamar; dejen de escribir; no llamen;
            no me llame; no escriban; no gracias; ya no queremos; cambiamos de opinion;
            cambie de opinion; no estoy contento; no estoy contenta; no estamos contentos;
            no me gusto; no nos gusto; no me gusta; no nos gusta; no funciona
        """,
    },
    Topic.PRAISE: {
        3: """
            muchas gracias; muy contentos; muy contenta; muy contento; muy feliz; nos encanta;
            me encanta; nos encanto; me encanto; los recomiendo; listos para empezar;
            queremos empezar; sin problemas; sin problema; ningun problema; vale mucho la pena
        """,
    },
}

_PATTERNS = (
    (Topic.WAITING, -3, "nadie _ (?:llam|contest|respond|explic|atendi|dijo)*"),
    (Topic.WAITING, -3, "nunca _ (?:llam|contest|respond|devolv)*"),
    (Topic.COMPLAINT, -3, "no _ (?:gusto|gusta|interesa|funciona|recomiend|volver)*"),
    (Topic.COMPLAINT, -3, "falta de _ (?:respeto|atencion|profesionalismo|higiene)"),
    (Topic.COMPETITOR, -3, "con otr[ao] *"),
)

SPANISH_ONLY = frozenset(
    [
        "ahora",
        "aqui",
        "caro",
        "como",
        "con",
        "cuando",
        "cuesta",
        "cuando",
        "de",
        "del",
        "donde",
        "duele",
        "el",
        "ella",
        "ellos",
        "en",
        "es",
        "esta",
        "estan",
        "estamos",
        "estoy",
        "fue",
        "gracias",
        "hace",
        "hay",
        "hija",
        "hijo",
        "hola",
        "la",
        "las",
        "le",
        "les",
        "lo",
        "los",
        "mas",
        "me",
        "mi",
        "muy",
        "nada",
        "nadie",
        "nos",
        "nuestra",
        "nuestro",
        "nunca",
        "otra",
        "otro",
        "para",
        "pero",
        "por",
        "porque",
        "que",
        "quiero",
        "se",
        "seguro",
        "ser",
        "si",
        "sin",
        "son",
        "su",
        "te",
        "tenemos",
        "tengo",
        "todo",
        "tratamiento",
        "una",
        "usted",
        "ustedes",
        "y",
        "ya",
        "yo",
    ]
)
"""Frequent words by which the language is known; English shares hardly any of them."""

_SHARE = 0.3

_PLAIN = str.maketrans("áéíóúüñÁÉÍÓÚÜÑ", "aeiouunAEIOUUN")


def plain(text: str) -> str:
    """Take the accents off: who types on a telephone leaves them out."""
    return unicodedata.normalize("NFC", text).translate(_PLAIN)


def is_spanish(words: Sequence[str]) -> bool:
    """Tell whether a third of the words are frequent Spanish ones."""
    return bool(words) and sum(plain(w) in SPANISH_ONLY for w in words) >= _SHARE * len(words)


SPANISH = Lexicon.of(
    words=_WORDS,
    phrases=_PHRASES,
    patterns=_PATTERNS,
    stronger="bastante demasiado extremadamente muy realmente super tan totalmente",
    weaker="algo apenas casi poco",
    negations="jamas nadie ni ningun ninguna ninguno no nunca sin tampoco",
    turns="pero aunque sino lamentablemente",
    asking="como cual cuando cuanto cuantos donde hay puede pueden que tienen aceptan cuesta duele",
)
