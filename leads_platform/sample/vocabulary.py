"""The words the sample world is made of: real city and ZIP pairs, invented names, streets and companies.

Belongs here: constant lists. Does not: how they are put together (population) or written (files). Every
person and company is invented; cities, counties and ZIP codes are real because splitting a one-cell address
relies on them.
"""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A city with one of its ZIP codes."""

    city: str
    state: str
    postal_code: str
    county: str


def _places(state: str, text: str) -> tuple[Place, ...]:
    """Reads lines of `CITY | COUNTY | ZIP ZIP ...`."""
    found = []
    for line in text.strip().splitlines():
        city, county, codes = (part.strip() for part in line.split("|"))
        found += [Place(city, state, code, county) for code in codes.split()]
    return tuple(found)


PLACES: dict[str, tuple[Place, ...]] = {
    "NV": _places(
        "NV",
        """
        LAS VEGAS | CLARK | 89101 89103 89104 89107 89108 89110 89117 89121 89128 89129 89147
        HENDERSON | CLARK | 89002 89012 89014 89015 89052 89074
        NORTH LAS VEGAS | CLARK | 89030 89031 89032 89081 89084
        BOULDER CITY | CLARK | 89005
        MESQUITE | CLARK | 89027
        RENO | WASHOE | 89502 89503 89509 89511 89523
        SPARKS | WASHOE | 89431 89434 89436
        CARSON CITY | CARSON CITY | 89701 89703 89706
        ELKO | ELKO | 89801
        SPRING CREEK | ELKO | 89815
        FERNLEY | LYON | 89408
        PAHRUMP | NYE | 89048
        FALLON | CHURCHILL | 89406
    """,
    ),
    "OK": _places(
        "OK",
        """
        OKLAHOMA CITY | OKLAHOMA | 73103 73105 73106 73107 73111 73112 73118 73119 73120 73132 73159
        TULSA | TULSA | 74104 74105 74106 74107 74112 74114 74133 74135 74136
        NORMAN | CLEVELAND | 73069 73071 73072
        EDMOND | OKLAHOMA | 73003 73012 73013 73034
        BROKEN ARROW | TULSA | 74011 74012
        YUKON | CANADIAN | 73099
        MOORE | CLEVELAND | 73160
        LAWTON | COMANCHE | 73501 73505
        STILLWATER | PAYNE | 74074
        ENID | GARFIELD | 73701 73703
        BARTLESVILLE | WASHINGTON | 74003
        MUSKOGEE | MUSKOGEE | 74401
        EL RENO | CANADIAN | 73036
        OWASSO | TULSA | 74055
    """,
    ),
    "TX": _places(
        "TX",
        """
        DALLAS | DALLAS | 75204 75214 75217 75228 75231
        HOUSTON | HARRIS | 77004 77007 77017 77025 77036 77083
        SAN ANTONIO | BEXAR | 78201 78209 78228 78240
        AUSTIN | TRAVIS | 78702 78704 78745 78753
        FORT WORTH | TARRANT | 76104 76110 76116 76133
        EL PASO | EL PASO | 79907 79912 79925
        PLANO | COLLIN | 75023 75074
        ARLINGTON | TARRANT | 76010 76013
        GARLAND | DALLAS | 75040
        MESQUITE | DALLAS | 75150
        ROUND ROCK | WILLIAMSON | 78664
        PFLUGERVILLE | TRAVIS | 78660
        KILLEEN | BELL | 76541
        TEMPLE | BELL | 76502
        LUBBOCK | LUBBOCK | 79414
        WACO | MCLENNAN | 76710
        CORPUS CHRISTI | NUECES | 78411
        PEARLAND | BRAZORIA | 77581
    """,
    ),
}

STATE_NAMES = {"NV": "Nevada", "OK": "Oklahoma", "TX": "Texas"}

# Area codes in service in each state.
AREA_CODES = {
    "NV": ("702", "725", "775"),
    "OK": ("405", "918", "580", "539"),
    "TX": ("214", "281", "512", "713", "210"),
}
# Those of people who moved there and kept their number; no code stands twice.
NEAR_AREA_CODES = {
    "NV": ("480", "602", "623", "928", "801", "385", "435", "208", "530", "916", "209", "559"),
    "OK": ("316", "620", "785", "913", "479", "501", "870", "417"),
    "TX": ("817", "972", "469", "832", "915", "806", "903", "936", "940", "956", "979", "361"),
}

# Abbreviation -> full word, as in USPS Publication 28.
SUFFIXES = {
    "ST": "STREET",
    "AVE": "AVENUE",
    "DR": "DRIVE",
    "RD": "ROAD",
    "BLVD": "BOULEVARD",
    "LN": "LANE",
    "CT": "COURT",
    "PL": "PLACE",
    "PKWY": "PARKWAY",
    "WAY": "WAY",
}
DIRECTIONS = {
    "": "",
    "N": "NORTH",
    "S": "SOUTH",
    "E": "EAST",
    "W": "WEST",
    "NW": "NORTHWEST",
    "NE": "NORTHEAST",
    "SW": "SOUTHWEST",
    "SE": "SOUTHEAST",
}
UNITS = {"STE": "SUITE", "APT": "APARTMENT", "BLDG": "BUILDING", "UNIT": "UNIT"}

STREETS = (
    "WILLOW", "JUNIPER", "MAPLE", "PECAN", "COTTONWOOD", "SAGEBRUSH", "MOCKINGBIRD", "BLUEBONNET",
    "REDBUD", "CIMARRON", "MESA", "PINTO", "LARIAT", "ANTELOPE", "QUAIL", "HERON", "SYCAMORE",
    "MAGNOLIA", "LANTERN", "COPPERFIELD", "AMBER", "WINDMILL", "CARSON", "FREMONT", "HOUSTON", "BOWIE",
    "CROCKETT", "TRAVIS", "AUSTIN", "MADISON", "MONROE", "ADAMS", "TYLER", "DOUGLAS", "BENTON",
    "HARLOW", "ALDER", "BIRCH", "CYPRESS", "DOGWOOD", "ELDERBERRY", "FOXGLOVE", "GOLDENROD", "HAWTHORN",
    "INDIGO", "JASMINE", "KESTREL", "LARKSPUR", "MULBERRY", "OLEANDER", "PERSIMMON", "QUINCE",
    "ROSEWOOD", "SAFFRON", "TAMARACK", "VERBENA", "WISTERIA", "YARROW", "5TH", "9TH", "23RD", "38TH",
    "42ND", "115TH", "DESERT ROSE", "SILVER STAR", "TWIN OAKS", "RED CLAY", "PAINTED PONY",
    "MORNING DOVE",
)  # fmt: skip

FIRST_NAMES = (
    "DANA", "NIA", "RUTH", "MARISOL", "PRIYA", "GRETA", "TAMIKA", "YOLANDA", "BEATRIZ", "COLETTE",
    "DELIA", "ESME", "FRIDA", "GLENDA", "HANNAH", "IVY", "JOLENE", "KEISHA", "LUCIA", "MABEL", "NADIA",
    "OPAL", "PETRA", "ROSALIND", "SUKI", "THELMA", "URSULA", "VERA", "WENDELL", "XENIA", "AMOS",
    "BORIS", "CYRUS", "DESMOND", "ELIAS", "FELIX",
)  # fmt: skip
LAST_NAMES = (
    "HARPER", "OKAFOR", "LINDQVIST", "TREMAINE", "VASQUEZ-ORTEGA", "WHITLOCK", "ABERNATHY", "BAPTISTE",
    "CALLOWAY", "DELACRUZ", "ELLSWORTH", "FAIRBANKS", "GALLOWAY", "HOLLOWAY", "IVERSON", "JANKOWSKI",
    "KOWALCZYK", "LARRABEE", "MCALLISTER", "NAKAMURA", "O'DONNELL", "PEMBERTON", "QUISENBERRY",
    "RUTHERFORD", "STOCKTON", "TALLCHIEF", "UNDERHILL", "VALENTINE", "WESTBROOK", "YARBROUGH", "ZAMORA",
    "ASHGROVE", "BELLWEATHER", "CRANE",
)  # fmt: skip

COMPANY_FIRST = (
    "Blue", "Prairie", "Copper", "Juniper", "Silver", "Little", "Bright", "Morning", "Maple", "Golden",
    "Quiet", "Wandering", "Painted", "Sunny", "Crooked", "Velvet", "Tall", "Clover", "Amber", "Desert",
    "River", "Happy",
)  # fmt: skip
COMPANY_SECOND = (
    "Kite", "Lantern", "Acorn", "Wren", "Pebble", "Comet", "Otter", "Thimble", "Sparrow", "Button",
    "Meadow", "Harbor", "Puddle", "Ladybug", "Cricket", "Marble", "Teapot", "Mitten", "Fiddle",
    "Biscuit", "Tortoise",
)  # fmt: skip
COMPANY_KIND = (
    "Learning House", "Child Care", "Preschool", "Academy", "Early Learning Center", "Daycare",
    "Montessori School", "Nursery School", "Kids Club", "Child Development Center",
)  # fmt: skip
