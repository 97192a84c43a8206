"""Finds the patient's current address and time zone (R4 datatypes.html#Address).

The home address that is in force counts; a temporary one counts only during its period; a billing address never
counts. The ZIP code gives the zone, else the state, else the country outside the United States. Where the zone stays
open, a warning is given and all possible zones are published, so that a sender keeps to the hours that are lawful in
each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.intake.api import places
from services.intake.api.fhir.periods import is_in_force
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.domain import identifiers

_NEVER: Final = frozenset({"old", "billing"})


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives. `country` is None where it is named but not known; `zones` are all that it may be."""

    zip_code: str | None
    country: str | None
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    zip_code: str | None
    state: str | None
    country: str | None
    zones: tuple[str, ...]


def home_of(reading: Reading, patient: Placed) -> Home:
    """Where the patient lives."""
    found = _in_use(reading, patient)
    rank = min((_rank(address) for _, address in found), default=None)
    lived_in = [(n, address) for n, address in found if _rank(address) == rank]
    homes = [_place(reading, address, f"{patient.pointer}/address/{n}") for n, address in lived_in]
    if not homes:
        homes = [_Place(None, None, places.HOME_COUNTRY, places.zones_of_country(places.HOME_COUNTRY))]
    if len({(home.zip_code, home.state, home.country) for home in homes}) > 1:
        detail = "holds several homes that are lived in now, and does not say which is"
        reading.warn(f"{patient.pointer}/address", "address", detail)
    zones = places.that_differ(dict.fromkeys(zone for home in homes for zone in home.zones), reading.now)
    if any(not home.zones for home in homes):
        zones = ()
    if len(zones) != 1:
        at = f"{patient.pointer}/address" + (f"/{lived_in[0][0]}" if len(lived_in) == 1 else "")
        detail = "leaves the time zone open: messages keep to hours that are lawful in all that it may be"
        reading.warn(at, "zone", detail)
    by_zip = sorted(homes, key=lambda home: (home.zip_code is None, home.zip_code or "", home.country or ""))
    return Home(by_zip[0].zip_code, by_zip[0].country, zones)


def _in_use(reading: Reading, patient: Placed) -> Sequence[tuple[int, Any]]:
    return [
        (n, address)
        for n, address in enumerate(patient.resource.address or ())
        if address.use not in _NEVER and is_in_force(address.period, reading.now, reading.home_zone)
        if address.postalCode or address.state or address.country or address.city
    ]


def _rank(address: Any) -> tuple[int, bool]:
    """A temporary address comes first while its period is known to last. A post box is no place to live."""
    is_temporary = address.use == "temp"
    use = 0 if is_temporary and address.period else {"home": 1, None: 2, "temp": 3}.get(address.use, 4)
    return use, address.type == "postal"


def _place(reading: Reading, address: Any, at: str) -> _Place:
    country = _country(reading, address, at)
    state = places.state_of(address.state)
    if country is None or country != places.HOME_COUNTRY:
        return _Place(None, None, country, places.zones_of_country(country))
    if address.state and not state:
        # Another country's that is not named: five digits are no ZIP code there.
        reading.warn(f"{at}/state", "state", "is no state of the United States, and no country is named")
        return _Place(None, None, None, ())
    zip_code = identifiers.zip_code(address.postalCode)
    zone = places.zips().zones.get(zip_code or "")
    if zip_code and zone is None:
        reading.warn(f"{at}/postalCode", "zip_code", "is no ZIP code that is in use")
    if zone and state and places.zips().states.get(zip_code or "") != state:
        reading.warn(f"{at}/postalCode", "zip_code", "lies in another state than the one that is named")
        return _Place(zip_code, state, country, (zone, *places.zones_of_state(state)))
    if zone:
        return _Place(zip_code, state, country, (zone,))
    return _Place(zip_code, state, country, places.zones_of_state(state) if state else _anywhere(country))


def _country(reading: Reading, address: Any, at: str) -> str | None:
    """The country: home where none is named. Territories have ZIP codes, and so are at home."""
    if not (address.country or "").strip():
        return places.HOME_COUNTRY
    country = places.country_of(address.country)
    if country is None:
        reading.warn(f"{at}/country", "country", "is no country that is known here")
    return places.HOME_COUNTRY if country and places.is_territory(country) else country


def _anywhere(country: str) -> tuple[str, ...]:
    return places.zones_of_country(country)
