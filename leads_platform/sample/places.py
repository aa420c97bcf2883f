"""Handing out phones and addresses, never the same one twice, without remembering those handed out.

Belongs here: the arithmetic that maps a counter to a phone or an address. Does not: who gets it (population).
"""

from __future__ import annotations

from leads_platform.sample.vocabulary import AREA_CODES, DIRECTIONS, NEAR_AREA_CODES, PLACES, STREETS, SUFFIXES
from leads_platform.sample.world import Address

# Primes larger than any count below: multiplying by one and taking the remainder visits every number once.
_STEP, _LINE_STEP = 2_147_483_647, 3_701
_HOUSE_NUMBERS = 9_800  # 100 to 9899
_SUFFIXES = tuple(SUFFIXES)
_PLAIN_DIRECTIONS = tuple(direction for direction in DIRECTIONS if len(direction) < 2)
_DIRECTIONS = {"NV": _PLAIN_DIRECTIONS, "OK": tuple(DIRECTIONS), "TX": _PLAIN_DIRECTIONS}
# Exchanges 200 to 999 but the service codes N11; 555, where few lines belong to anyone, is used up first.
_EXCHANGES = tuple(str(n) for n in range(200, 1000) if n % 100 != 11 and n != 555)
_FICTION = range(100, 200)  # 555-0100 to 555-0199 belong to nobody, in any area code
_UNITS = (*(f"STE {n}" for n in range(1, 25)), "STE A", "STE B", "APT 7", "APT 12", "BLDG B", "UNIT 3")


class Phones:
    """Valid ten-digit numbers, each once: as long as they last those that belong to nobody, then a state's others."""

    def __init__(self) -> None:
        self._used = dict.fromkeys(AREA_CODES, 0)

    def next(self, state: str) -> str:
        """The next number. Raises ValueError when the state has no more (above scale 30,000)."""
        number = self._used[state]
        self._used[state] += 1
        everywhere = (*AREA_CODES[state], *NEAR_AREA_CODES[state])
        if number < len(everywhere) * len(_FICTION):
            line, area = divmod(number, len(everywhere))
            return f"{everywhere[area]}555{_FICTION[line]:04d}"
        areas = AREA_CODES[state]
        number, area = divmod(number - len(everywhere) * len(_FICTION), len(areas))
        if number < 10_000:
            exchange, line = "555", number
        else:
            line, exchange_number = divmod(number - 10_000, len(_EXCHANGES))
            if line >= 10_000:
                raise ValueError(f"all phone numbers of {state} are used up; choose a smaller scale")
            exchange = _EXCHANGES[exchange_number]
        last = (line * _LINE_STEP + 137) % 10_000
        if exchange == "555" and (last == 1212 or last in _FICTION):  # directory assistance; given out above
            return self.next(state)
        return f"{areas[area]}{exchange}{last:04d}"


class Addresses:
    """Street addresses of a state, each once; the unit (suite, apartment) comes on top."""

    def __init__(self) -> None:
        # Each state starts elsewhere, so that the states' streets and house numbers differ.
        self._used = {state: number * 1_000_003 for number, state in enumerate(PLACES)}

    def next(self, state: str, draw: float) -> Address:
        """The next address; it has a unit when `draw` (0 to 1) is below 0.15."""
        places, directions = PLACES[state], _DIRECTIONS[state]
        self._used[state] += 1
        every = _HOUSE_NUMBERS * len(directions) * len(STREETS) * len(_SUFFIXES) * len(places)
        left = self._used[state] * _STEP % every
        left, house = divmod(left, _HOUSE_NUMBERS)
        left, street = divmod(left, len(STREETS))
        left, suffix = divmod(left, len(_SUFFIXES))
        place, direction = divmod(left, len(directions))
        unit = _UNITS[int(draw / 0.15 * len(_UNITS))] if draw < 0.15 else ""
        return Address(str(100 + house), directions[direction], STREETS[street], _SUFFIXES[suffix], unit, places[place])
