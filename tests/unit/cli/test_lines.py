import gzip
from codecs import BOM_UTF8
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

    @pytest.mark.parametrize("compressed", [True, False])
    @pytest.mark.parametrize("mark", [b"", BOM_UTF8])
    def test_reads_one_document_on_many_lines(self, compressed: bool, mark: bytes, tmp_path: Path) -> None:
        """A Bundle as people look at it; a mark that some programs put first is none of it."""
        content = mark + b'\n{\n  "a": "b c",\n  "a": 2\n}\n'
        file = tmp_path / "bundle.json"
        file.write_bytes(gzip.compress(content) if compressed else content)

        with opened(file) as lines:
            found = [(line.number, line.content) for line in lines]

        assert [(1, b'{"a": "b c","a": 2}')] == found

    def test_passes_over_a_mark_before_the_first_line(self, tmp_path: Path) -> None:
        """Files of lines have it as well."""
        file = tmp_path / "orders.ndjson"
        file.write_bytes(BOM_UTF8 + b'{"a": 1}\n{"b": 2}\n')

        with opened(file) as lines:
            assert [b'{"a": 1}', b'{"b": 2}'] == [line.content for line in lines]

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
