"""Where an address lies: its country, its state, and the time zones that it may be in.

The table of ZIP codes lies beside this module: `python -m tests.support.zip_table` makes it out of a library that is
too large to load. Zones of countries and the names of countries are CLDR's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import Locale, get_global

HOME_COUNTRY: Final = "US"
ZIP_TABLE: Final = Path(__file__).with_name("zips.txt")
"""Lines of `prefix state zone codes…`: three digits, then the last two of a code, or of the ends of a range."""
NO_ZONE: Final = "-"


def _table(rows: str) -> dict[str, str]:
    """Codes and names, as they are listed."""
    pairs = (row.strip().partition(" ") for row in rows.replace("\n", " ").split(","))
    return {code: name for code, _, name in pairs}


_STATES: Final[Mapping[str, str]] = _table("""
AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware,
DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa, KS Kansas,
KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi,
MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, NY New York,
NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, RI Rhode Island,
SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia, WA Washington,
WV West Virginia, WI Wisconsin, WY Wyoming
""")
_TERRITORIES: Final[Mapping[str, str]] = _table("""
AS American Samoa, GU Guam, MP Northern Mariana Islands, PR Puerto Rico, VI Virgin Islands, FM Micronesia,
MH Marshall Islands, PW Palau
""")
"""They have ZIP codes, and country codes of their own as well."""
_ARMED_FORCES: Final = {"AA": "Armed Forces Americas", "AE": "Armed Forces Europe", "AP": "Armed Forces Pacific"}
"""They have ZIP codes, and may be anywhere."""
_BY_NAME: Final = {name.casefold(): code for code, name in {**_STATES, **_TERRITORIES, **_ARMED_FORCES}.items()}
_OTHER_NAMES: Final = {
    name: code
    for code, names in {
        "US": ("usa", "u.s.a.", "u.s.", "united states of america", "america", "estados unidos"),
        "GB": ("england", "scotland", "wales", "northern ireland", "great britain"),
        "CH": ("schweiz", "suisse", "svizzera"),
        "DE": ("deutschland",),
        "AT": ("österreich",),
        "MX": ("méxico",),
        "ES": ("españa",),
        "BR": ("brasil",),
        "NL": ("nederland", "the netherlands", "holland"),
        "IT": ("italia",),
        "PE": ("perú",),
        "DO": ("república dominicana",),
    }.items()
    for name in names
}
"""How countries are written beside their names in English."""
_SAMPLES: Final = tuple(timedelta(days=30 * n) for n in range(13))


@dataclass(frozen=True, slots=True)
class Zips:
    """Of the United States: the zone of each ZIP code, the state of each, and the zones that a state has."""

    zones: Mapping[str, str]
    states: Mapping[str, str]
    of_state: Mapping[str, tuple[str, ...]]


def country_of(text: str | None) -> str | None:
    """The code (ISO 3166-1, two letters) of a country by its code of two or three letters, its number or its name."""
    said = (text or "").strip()
    code = said.upper()
    if code in get_global("territory_zones"):
        return code
    if known := get_global("territory_aliases").get(code):
        return str(known[0])
    return _OTHER_NAMES.get(said.casefold()) or _countries().get(said.casefold())


def state_of(text: str | None) -> str | None:
    """The postal code of a state or territory of the United States, by its code (also `US-MA`) or its name."""
    said = (text or "").strip()
    code = said.upper().removeprefix("US-")
    return code if code in _BY_NAME.values() else _BY_NAME.get(said.casefold())


def is_territory(country: str) -> bool:
    """Whether a country's code is of a territory that has ZIP codes of the United States."""
    return country in _TERRITORIES


def zones_of_state(state: str | None) -> tuple[str, ...]:
    """The zones that a state has; none where it may be anywhere."""
    return zips().of_state.get(state or "", ())


def zones_of_country(country: str | None) -> tuple[str, ...]:
    """The zones that a country has; those of the fifty states for the United States; none where it is not known."""
    if country == HOME_COUNTRY:
        return tuple(dict.fromkeys(zone for state in _STATES for zone in zones_of_state(state)))
    return tuple(get_global("territory_zones").get(country or "", ()))


def that_differ(zones: Iterable[str], now: datetime) -> tuple[str, ...]:
    """One zone for each clock that shows another time than the others within a year from now."""
    by_clock: dict[tuple[timedelta | None, ...], str] = {}
    for zone in zones:
        by_clock.setdefault(tuple((now + day).astimezone(ZoneInfo(zone)).utcoffset() for day in _SAMPLES), zone)
    return tuple(sorted(by_clock.values()))


@cache
def zips() -> Zips:
    """The table of ZIP codes. It is read the first time: ask before the first order comes."""
    zones, states, of_state = dict[str, str](), dict[str, str](), dict[str, set[str]]()
    for line in ZIP_TABLE.read_text().splitlines():
        prefix, state, zone, *ranges = line.split()
        codes = list(_codes(prefix, ranges))
        states |= dict.fromkeys(codes, state)
        if zone != NO_ZONE:
            zones |= dict.fromkeys(codes, zone)
            of_state.setdefault(state, set()).add(zone)
    return Zips(zones, states, {state: tuple(sorted(found)) for state, found in of_state.items()})


def _codes(prefix: str, ranges: Iterable[str]) -> Iterator[str]:
    for first, _, last in (ends.partition("-") for ends in ranges):
        for number in range(int(first), int(last or first) + 1):
            yield f"{prefix}{number:02}"


@cache
def _countries() -> Mapping[str, str]:
    names = Locale("en").territories
    return {name.casefold(): code for code, name in names.items() if len(code) == len(HOME_COUNTRY)}
