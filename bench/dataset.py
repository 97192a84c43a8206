"""What the bench is fed: providers and pathways enough for the referrals that are measured, and their orders.

With more referrals come more providers, as in life: else the bench would measure a queue for the last free hour.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.platform.telephones import telephone
from shared.parties import Party

SITES: Final = 8
PROVIDERS_A_PATHWAY: Final = 6
"""As in the directory that comes with the product; every second one is in-house."""
PER_PROVIDER: Final = 100
"""Referrals that each provider gets in the whole run: a third of the next eight weeks."""
AT_ONCE: Final = 16
"""Pathways that are asked for in turn, until their providers have had theirs: then others, with empty calendars."""
TURN: Final = AT_ONCE * PROVIDERS_A_PATHWAY * PER_PROVIDER
"""Orders until then."""
HOURS: Final = ({"weekdays": [1, 2, 3, 4, 5], "opens": "08:00", "closes": "17:00"},)


@dataclass(frozen=True)
class Dataset:
    """So many pathways, each served by its own providers."""

    pathways: int

    @classmethod
    def for_referrals(cls, count: int) -> "Dataset":
        """The dataset in which so many referrals find a visit."""
        return cls((count // TURN + 1) * AT_ONCE)

    def pathway_of(self, n: int) -> int:
        """Which pathway order `n` asks for.

        No day passes in the bench, so calendars only fill up. Filled one group after the other, they are about as full
        for one ten thousand of orders as for the next, and growth in number is not mixed up with growth in fullness.
        """
        return (n // TURN * AT_ONCE + n % AT_ONCE) % self.pathways

    def write(self, folder: Path) -> dict[str, str]:
        """Write directory and pathways; the variables that name the files."""
        files = {"SCHEDULING_DIRECTORY_FILE": self._directory(), "INTAKE_PATHWAYS_FILE": self._pathways()}
        for name, content in files.items():
            (folder / name).write_text(json.dumps(content))
        return {name: str(folder / name) for name in files}

    def parties(self, known: Iterable[Party]) -> Iterator[Party]:
        """Parties as they are known, except that the providers of this dataset share the first office."""
        everyone = tuple(f"pr-{n:05}" for n in range(self.pathways * PROVIDERS_A_PATHWAY))
        for party in known:
            if party.kind != "office":
                yield party
            elif everyone:
                yield party.model_copy(update={"provider_refs": everyone})
                everyone = ()

    def _pathways(self) -> list[dict[str, Any]]:
        rows = [{"pathway": f"pw-bench{n:04}", "version": 1, "taxonomy": taxonomy(n)} for n in range(self.pathways)]
        return [*rows, {"pathway": "pw-other", "version": 1, "taxonomy": "*"}]

    def _directory(self) -> dict[str, Any]:
        sites = [
            {
                "site_ref": f"st-{n:02}",
                "name": f"Sample Clinic {n}",
                "address": f"{n} Example Avenue, Sampleton, MA",
                "phone": f"+120255501{n:02}",
                "timezone": "America/New_York",
            }
            for n in range(SITES)
        ]
        return {"sites": sites, "providers": [self._provider(n) for n in range(self.pathways * PROVIDERS_A_PATHWAY)]}

    def _provider(self, n: int) -> dict[str, Any]:
        return {
            "provider_ref": f"pr-{n:05}",
            "name": f"Dr. Sample {n}",
            "site_ref": f"st-{n % SITES:02}",
            "room_ref": f"rm-{n:05}",
            "is_in_house": n % 2 == 0,
            "pathways": [f"pw-bench{n // PROVIDERS_A_PATHWAY:04}"],
            "visit_minutes": 40,
            "sessions": HOURS,
        }


def taxonomy(n: int) -> str:
    """An invented code of a specialty."""
    return f"9{n:08}X"


def orders(dataset: Dataset, first: int, count: int, authored_at: str) -> Iterator[bytes]:
    """Orders by number, each of another patient, as a portal sends them in Throughline's own JSON."""
    template = json.dumps(_order("@TAXONOMY@", "@NUMBER@", authored_at)).encode()
    for n in range(first, first + count):
        code = taxonomy(dataset.pathway_of(n)).encode()
        yield (
            template.replace(b"@TAXONOMY@", code)
            .replace(b"@NUMBER@", str(n).encode())
            .replace(b"@TELEPHONE@", telephone(n).encode())
        )


def _order(code: str, number: str, authored_at: str) -> dict[str, Any]:
    return {
        "source_system": "urn:throughline:demo:orders",
        "order_number": f"BENCH-{number}",
        "priority": "routine",
        "authored_at": authored_at,
        "service": {"system": "http://nucc.org/provider-taxonomy", "code": code, "text": "Referral to a specialist"},
        "requester": {"npi": "1234567893", "name": "Dr. Orderly"},
        "diagnoses": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I48.91", "text": "Atrial fibrillation"}],
        "coverage": [{"payer_name": "Medicare", "member_id": f"INV{number}"}],
        "patient": {
            "mrn": {"system": "urn:example:mrn", "value": f"MRN-{number}"},
            "given": "Ada",
            "family": "Testerly",
            "birth_date": "1970-01-01",
            "phone": "@TELEPHONE@",
            "language": "en-US",
            "postal_code": "02108",
        },
    }
