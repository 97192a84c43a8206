import pytest

from shared.kafka.topics import flaws


class TestFlaws:
    @pytest.mark.parametrize(
        ("copies", "in_sync", "wrong"),
        [
            (3, 2, []),
            (5, 4, []),
            (3, 1, ["facts has min.insync.replicas 1, which must be 2."]),
            (2, 2, ["facts has 2 copies, configured are 3."]),
            (
                *(1, 1),
                ["facts has 1 copies, configured are 3.", "facts has min.insync.replicas 1, which must be 2."],
            ),
        ],
    )
    def test_says_what_a_topic_lacks(self, copies: int, in_sync: int, wrong: list[str]) -> None:
        """Three copies of which two are written: one broker may be away, and one disk may be lost."""
        assert wrong == flaws("facts", copies, in_sync, replication=3)

    def test_is_content_with_one_copy_where_one_is_asked_for(self) -> None:
        """A demo has one broker."""
        assert [] == flaws("facts", 1, 1, replication=1)
