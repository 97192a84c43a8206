from pathlib import Path
from typing import get_args

from deploy.simulators.behaviour import KINDS, TABLES
from deploy.simulators.scenario import FaultKind

README = (Path(__file__).parents[3] / "deploy" / "simulators" / "README.md").read_text()


class TestReadme:
    def test_tells_every_behaviour_with_its_share(self) -> None:
        """The table in the README is the table in the code."""
        rows = {kind: ", ".join(f"`{name}` {share}" for name, share in TABLES[kind]) for kind in KINDS}

        assert [] == [kind for kind, row in rows.items() if row not in README]

    def test_tells_every_fault(self) -> None:
        """Whoever may inject a fault can read what it does."""
        assert [] == [fault for fault in get_args(FaultKind) if f"`{fault}`" not in README]
