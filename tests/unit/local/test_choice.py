from collections.abc import Callable

import pytest

from deploy.local.choice import Choice, choose
from deploy.local.tools import Lacking

Ways = dict[str, Callable[[], str]]
ADDRESSES = {"KAFKA_BOOTSTRAP": "broker:9092", "MONGO_URI": "mongodb://database"}


def found(what: str) -> Callable[[], str]:
    """A way that is open."""
    return lambda: f"{what} is here"


def lacking(what: str) -> Callable[[], str]:
    """A way that is closed."""

    def look() -> str:
        raise Lacking(f"{what} is missing", f"install {what}")

    return look


def never() -> str:
    """A way that nobody may try."""
    raise AssertionError("Nothing may be looked for or fetched that is not needed.")


class TestChoose:
    def test_takes_the_first_way_that_the_machine_can_go(self) -> None:
        """Ways are in order of preference, and those behind the chosen one are not even looked at."""
        ways: Ways = {"docker": lacking("docker"), "maven": found("maven"), "embedded": never}

        assert Choice("maven", "docker is missing; maven is here") == choose(None, {}, ways)

    def test_takes_given_addresses_before_it_looks_at_the_machine(self) -> None:
        """Whoever sets both addresses has a stack already."""
        assert "given" == choose(None, ADDRESSES, {"docker": never}).kind

    @pytest.mark.parametrize("name", ADDRESSES)
    def test_refuses_half_a_given_stack(self, name: str) -> None:
        """One address alone is a mistake, and starting a second stack beside it would hide it."""
        with pytest.raises(Lacking, match="two addresses"):
            choose(None, {name: ADDRESSES[name]}, {"docker": never})

    def test_refuses_given_without_addresses(self) -> None:
        """A given stack that nobody gave cannot be found."""
        with pytest.raises(Lacking, match="two addresses"):
            choose("given", {}, {"docker": never})

    def test_obeys_the_variable(self) -> None:
        """THROUGHLINE_STACK wins over given addresses and over better ways."""
        ways: Ways = {"docker": never, "embedded": found("tansu")}
        environment = {"THROUGHLINE_STACK": "embedded", **ADDRESSES}

        assert Choice("embedded", "asked for; tansu is here") == choose(None, environment, ways)

    def test_obeys_the_caller_before_the_variable(self) -> None:
        """An argument is nearer than the environment."""
        ways: Ways = {"docker": found("docker"), "embedded": never}

        assert "docker" == choose("docker", {"THROUGHLINE_STACK": "embedded"}, ways).kind

    def test_does_not_replace_what_was_asked_for(self) -> None:
        """Who asked for Docker and has none is told so, and gets nothing else in its place."""
        with pytest.raises(Lacking, match="docker is missing"):
            choose("docker", {}, {"docker": lacking("docker"), "embedded": never})

    def test_names_the_kinds_to_one_who_asked_for_another(self) -> None:
        """A typing error is answered with what there is."""
        with pytest.raises(Lacking) as refusal:
            choose("podman", {}, {"docker": never, "embedded": never})

        assert "use one of: docker, embedded, given" == refusal.value.remedy

    def test_says_all_that_is_missing_when_there_is_no_way(self) -> None:
        """The last way asks for least, so its remedy is the one to give."""
        with pytest.raises(Lacking, match="docker is missing; libcurl4 is missing") as refusal:
            choose(None, {}, {"docker": lacking("docker"), "embedded": lacking("libcurl4")})

        assert "install libcurl4" == refusal.value.remedy
