import gzip
from pathlib import Path

import pytest

from deploy.cli.exits import Failure
from deploy.cli.lines import LONGEST_BYTES, opened


class TestOpened:
    @pytest.mark.parametrize("compressed", [True, False])
    def test_reads_both_forms_alike(self, compressed: bool, tmp_path: Path) -> None:
        """What matters is what the file holds, not what it is called."""
        file, content = tmp_path / "orders.ndjson", b'{"a": 1}\n\n  \n{"b": 2}'
        file.write_bytes(gzip.compress(content) if compressed else content)

        with opened(file) as lines:
            found = [(line.number, line.content) for line in lines]

        assert [(1, b'{"a": 1}'), (4, b'{"b": 2}')] == found

    def test_cuts_lines_that_nobody_would_take(self, tmp_path: Path) -> None:
        """A line of any length costs no more memory than one that is just too long, and the next one is read."""
        file = tmp_path / "orders.ndjson"
        file.write_bytes(b"x" * (3 * LONGEST_BYTES) + b"\nnext\n")

        with opened(file) as lines:
            found = [(line.number, len(line.content)) for line in lines]

        assert [(1, LONGEST_BYTES + 1), (2, 4)] == found

    def test_says_that_there_is_no_such_file(self, tmp_path: Path) -> None:
        """A wrong path is a sentence, not a traceback."""
        with pytest.raises(Failure, match="cannot be read"), opened(tmp_path / "nothing"):
            pass

    def test_says_after_which_line_a_file_is_damaged(self, tmp_path: Path) -> None:
        """What came before the damage was sent, and may be sent again."""
        file = tmp_path / "orders.ndjson.gz"
        file.write_bytes(gzip.compress(b"one\n" * 100_000)[:-8])

        with pytest.raises(Failure, match="damaged after line 100000"), opened(file) as lines:
            list(lines)
