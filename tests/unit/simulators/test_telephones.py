import json

import phonenumbers

from bench.dataset import Dataset, orders
from deploy.cli.generate import sendings
from deploy.platform.telephones import KEPT, telephone, telephone_of
from tests.unit.cli.test_generate import START


class TestTelephone:
    def test_is_kept_for_fiction(self) -> None:
        """Of 555-0100 to 555-0199 in some area, each once."""
        numbers = [telephone(n) for n in range(KEPT)]

        assert KEPT == len(set(numbers))
        assert all(number[5:10] == "55501" for number in numbers)

    def test_is_possible_and_of_its_own_beyond(self) -> None:
        """A bench of a hundred thousand has more patients than fiction has numbers."""
        numbers = [telephone(n) for n in range(KEPT - 1, 2 * KEPT + 1, 97)]

        assert len(numbers) == len(set(numbers))
        assert all(phonenumbers.is_possible_number(phonenumbers.parse(number)) for number in numbers)

    def test_of_an_order_counts_on(self) -> None:
        """Orders of one name that are numbered never meet; those of other names begin in another area."""
        assert KEPT == len({telephone_of(f"ORD-{n:06}") for n in range(KEPT)})
        assert telephone_of("ORD-000001") != telephone_of("BAD-000001")
        assert telephone_of("ORD-000001") == telephone_of("ORD-000001")

    def test_is_nobody_elses_in_the_demo_and_in_the_bench(self) -> None:
        """Each order is of another patient, and what a number may get is counted by it."""
        told = [json.loads(each.body) for each in sendings(2000, START) if each.kind == "whole" and each.door == "own"]
        benched = [json.loads(each) for each in orders(Dataset.for_referrals(2000), 0, 2000, START.isoformat())]

        for patients in ([order["patient"] for order in told], [order["patient"] for order in benched]):
            assert len(patients) == len({patient["phone"] for patient in patients})
