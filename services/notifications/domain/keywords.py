"""What a reply to a text asks of us: to stop, to start again, or something that a person must read.

The words are data. STOP, END, CANCEL and their like are those that carriers and 47 CFR 64.1200(a)(10) know, and what
people write instead, in English and Spanish. CANCEL alone stops texts; with more words it is about something else, and
it never cancels a visit.
"""

import re
import unicodedata
from typing import Final, Literal

Keyword = Literal["stop", "start"]

_STOP: Final = frozenset(
    {
        *("stop", "stopall", "end", "cancel", "unsubscribe", "quit", "revoke", "optout", "stopp"),
        *("alto", "parar", "pare", "paren", "basta", "cancelar", "detener", "terminar", "salir", "baja"),
    }
)
_START: Final = frozenset({"start", "unstop", "subscribe", "resume", "comenzar", "iniciar", "empezar", "reanudar"})
_PHRASES: Final = {"opt out": "optout", "no mas": "basta", "stop all": "stopall", "leave me alone": "stop"}
_FILLING: Final = frozenset(
    {
        *("please", "pls", "now", "all", "the", "these", "text", "texts", "texting", "message", "messages"),
        *("messaging", "sending", "me", "to", "from", "us", "thanks", "thank", "you"),
        *("por", "favor", "ya", "los", "de", "gracias", "mensaje", "mensajes", "textos", "enviar", "mandar"),
        *("enviarme", "mandarme"),
    }
)
_WORD: Final = re.compile(r"[a-z]+")
_ALONE: Final = frozenset({"cancel", "cancelar", "end", "salir", "terminar", "baja"})
"""Words of everyday use: with others beside them they are about something else."""


def keyword_of(text: str) -> Keyword | None:
    """What the whole reply asks, in any case, with or without accents, marks and polite words; None for the rest."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    said = " ".join(_WORD.findall(plain))
    for phrase, word in _PHRASES.items():
        said = re.sub(rf"\b{phrase}\b", word, said)
    words = said.split()
    asked = [word for word in words if word not in _FILLING]
    if not asked:
        return None
    if set(asked) <= _STOP and (words == asked or not set(asked) & _ALONE):
        return "stop"
    return "start" if set(asked) <= _START else None
