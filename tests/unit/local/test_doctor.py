from deploy.local.doctor import checks


class TestChecks:
    def test_gives_a_remedy_exactly_where_something_is_wrong(self) -> None:
        """A complaint without advice is useless, and advice without a complaint is noise."""
        looked_at = checks()

        assert [check.ok for check in looked_at] == [not check.remedy for check in looked_at]

    def test_looks_at_all_that_a_stack_may_need(self) -> None:
        """Each way to a stack has its checks."""
        names = {"Python", "venv", "memory", "disk", "Docker", "Java", "Maven", "mongod", "Tansu"}

        assert names == {check.name for check in checks()}
