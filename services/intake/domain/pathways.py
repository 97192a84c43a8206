"""Which pathway an order takes: an opaque token by what is asked for, since its name would reveal a diagnosis."""

from typing import Final

from pydantic import BaseModel, ConfigDict, RootModel, model_validator

from shared.contracts.sealed import Coding

ANY_SERVICE: Final = "*"


class Pathway(BaseModel):
    """One row of the table. `taxonomy` is the code of the service or specialty (NUCC), "*" for all others."""

    model_config = ConfigDict(frozen=True)

    pathway: str
    version: int
    taxonomy: str


class Pathways(RootModel[tuple[Pathway, ...]]):
    """The table, with one row for each code, and at most one for all others. Without that one a person chooses."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _is_unambiguous(self) -> "Pathways":
        codes = [row.taxonomy for row in self.root]
        if len(set(codes)) != len(codes):
            raise ValueError("Each code needs one pathway.")
        return self

    @property
    def codes(self) -> frozenset[str]:
        """Every code that a pathway names."""
        return frozenset(row.taxonomy for row in self.root) - {ANY_SERVICE}

    def of(self, service: Coding | None) -> Pathway | None:
        """The pathway of a service; None where the table does not tell."""
        by_code = {row.taxonomy: row for row in self.root}
        return by_code.get(service.code if service else ANY_SERVICE, by_code.get(ANY_SERVICE))

    def named(self, pathway: str) -> Pathway | None:
        """The row of this pathway."""
        return next((row for row in self.root if row.pathway == pathway), None)
