from services.intake.api.places import NO_ZONE, ZIP_TABLE, zips
from tests.support.zip_table import rows, text


class TestZips:
    def test_are_those_of_the_library(self) -> None:
        """State and zone of every ZIP code, and no code more. Else: `python -m tests.support.zip_table`."""
        listed = rows()

        assert {code: state for code, state, _ in listed} == zips().states
        assert {code: zone for code, _, zone in listed if zone != NO_ZONE} == zips().zones

    def test_give_each_state_the_zones_of_its_codes(self) -> None:
        """A state that is cut by a line between zones has both; the armed forces have none."""
        of_state = zips().of_state

        assert ("America/New_York",) == of_state["MA"]
        assert {"America/Chicago", "America/New_York"} <= set(of_state["TN"])
        assert "AE" in set(zips().states.values())
        assert "AE" not in of_state

    def test_lie_in_a_table_that_is_made_and_not_written(self) -> None:
        """Whoever makes it again changes nothing but what the library changed."""
        assert text() == ZIP_TABLE.read_text()
