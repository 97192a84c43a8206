"""Which replies stop texts, which allow them again, and which a person must read."""

import pytest

from services.notifications.domain.keywords import keyword_of

STOPS = [
    *("STOP", "stop", "Stop.", "sTOP", "STOP!!!", "STOPALL", "stop all", "END", "CANCEL", "Cancel.", "UNSUBSCRIBE"),
    *("quit", "REVOKE", "OPT OUT", "opt-out", "OptOut", "ALTO", "Alto", "PARAR", "parar por favor", "BASTA", "¡Basta!"),
    *("no más", "NO MAS", "Please stop", "stop texting me", "STOP sending me messages please", "cancelar", "baja"),
]
OTHERS = [
    *("CANCEL my visit", "please cancel", "cancel the visit on Wednesday", "Can I stop by at 5?", "the end of May"),
    *("I cannot come, my mother died", "yes", "Y", "C", "", "   ", "?", "thanks", "Is there parking?", "help"),
    *("no", "stop it hurts", "baja presion", "salir de la casa", "911", "chest pain"),
]


@pytest.mark.parametrize("text", STOPS)
def test_stops(text: str) -> None:
    """In any case, with accents or without, with marks and polite words."""
    assert "stop" == keyword_of(text)


@pytest.mark.parametrize("text", ["START", "start", "Unstop", "SUBSCRIBE", "start please", "Comenzar", "Iniciar."])
def test_allows_again(text: str) -> None:
    """The holder alone takes it back."""
    assert "start" == keyword_of(text)


@pytest.mark.parametrize("text", OTHERS)
def test_is_for_a_person(text: str) -> None:
    """CANCEL with other words is about a visit, perhaps, and what it means nobody guesses."""
    assert keyword_of(text) is None
