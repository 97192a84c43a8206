import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.fresh import fresh_lines, moved

OLD = b'{"timestamp":"2026-08-01T18:15:00+00:00","end":"2027-01-28","text":"by 2027-01-28, or so"}'
NEWER = b'{"authoredOn":"2026-08-03T09:00:00Z"}'


class TestFreshLines:
    def test_are_as_of_today(self, tmp_path: Path) -> None:
        """The newest order was written today, and everything else keeps its distance to it; plain or gzip."""
        (tmp_path / "a.ndjson").write_bytes(OLD + b"\n" + NEWER + b"\n")
        (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress(OLD + b"\n" + NEWER))
        today = datetime(2027, 8, 3, 12, tzinfo=UTC)

        found = fresh_lines(tmp_path / "a.ndjson", today)

        assert b'"timestamp":"2027-08-01T18:15:00+00:00","end":"2028-01-28"' in found[0]
        assert b'{"authoredOn":"2027-08-03T09:00:00Z"}' == found[1]
        assert found == fresh_lines(tmp_path / "a.ndjson.gz", today)

    def test_move_dates_and_no_prose(self) -> None:
        """Only what is a date by itself is moved."""
        assert b"by 2027-01-28, or so" in moved(OLD, timedelta(days=7))
