import sys

import pytest

from deploy.local.tools import Lacking, output_of


class TestOutputOf:
    def test_returns_what_the_tool_prints_to_either_stream(self) -> None:
        """Java prints its version as an error."""
        script = "import sys; print('one', flush=True); print('two', file=sys.stderr)"

        assert "one\ntwo" == output_of([sys.executable, "-c", script], "")

    def test_names_the_tool_that_is_missing_and_the_remedy(self) -> None:
        """What is missing and what to do about it are said together."""
        with pytest.raises(Lacking, match="no-such-tool is not installed") as refusal:
            output_of(["no-such-tool"], "install it")

        assert "install it" == refusal.value.remedy

    def test_quotes_the_last_line_of_a_tool_that_fails(self) -> None:
        """The loader's complaint about a missing library is the answer to why mongod does not run."""
        script = "print('noise', flush=True); raise SystemExit('libcurl.so.4: cannot open shared object file')"

        with pytest.raises(Lacking, match="does not work: libcurl"):
            output_of([sys.executable, "-c", script], "")
