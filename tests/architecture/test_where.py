"""docs/where.md answers twenty questions by file and name: each file is there, and each name is in it."""

import re
from pathlib import Path
from typing import Final

import pytest

PAGE: Final = Path(__file__).parents[2] / "docs" / "where.md"
ROW: Final = re.compile(
    r"^\| \d+ \| (?P<question>.+?\?) \| \[(?P<shown>\S+)\]\((?P<link>\S+)\) \| (?P<names>.+) \|$", re.MULTILINE
)
ROWS: Final = [match.groupdict() for match in ROW.finditer(PAGE.read_text())]
NUMBERED: Final = [line for line in PAGE.read_text().splitlines() if re.match(r"\| \d", line)]


class TestWhere:
    def test_asks_twenty_questions(self) -> None:
        """A row in another form would pass unseen: all twenty are read."""
        assert (20, 20) == (len(NUMBERED), len({row["question"] for row in ROWS}))

    @pytest.mark.parametrize("row", ROWS, ids=[row["question"] for row in ROWS])
    def test_files_answer_their_question(self, row: dict[str, str]) -> None:
        """The link leads to the file that is shown, and each name of the row stands in it as a whole word."""
        path = PAGE.parent / row["link"]
        names = re.findall(r"`([^`]+)`", row["names"])

        assert PAGE.parents[1] / row["shown"] == path.resolve()
        assert names
        assert [] == [name for name in names if not re.search(rf"\b{re.escape(name)}\b", path.read_text())]
