"""What an operator names on the command line is what the service is asked about."""

from deploy.cli.parked import named


class TestNamed:
    def test_says_nothing_of_what_was_not_given(self) -> None:
        """A gap is named by its source alone."""
        assert {"key": "demo-a", "service": "intake"} == named("demo-a", "intake", None, None, None)

    def test_names_the_kind_of_aggregate(self) -> None:
        """A service has several: a fact that is kept by key is in one that is no referral."""
        found = named("demo-patient-a", None, None, "referral.public.intake.v1:0:7", "chart")

        assert {"key": "demo-patient-a", "origin": "referral.public.intake.v1:0:7", "aggregate": "chart"} == found
