"""Words of American and Canadian addresses: how USPS Publication 28 shortens them, and states' names.

Belongs here: tables of words, each with its source, and the reading of the gazetteer `places.txt`.
Does not: any rule that looks at more than one word (`addresses`), or anything about one supplier (contracts).

Each line of a table is a standard form followed by the other ways people write it.
"""

from __future__ import annotations

from pathlib import Path

# Publication 28, appendix C1 (street suffixes). Left out on purpose: LA for LANE, as in "LA CIENEGA BLVD".
SUFFIXES = """
ALY ALLEE ALLEY ALLY
ANX ANEX ANNEX ANNX
ARC ARCADE
AVE AV AVEN AVENU AVENUE AVN AVNUE
BYU BAYOO BAYOU
BCH BEACH
BND BEND
BLF BLUF BLUFF
BLFS BLUFFS
BTM BOT BOTTM BOTTOM
BLVD BOUL BOULEVARD BOULV BLV
BR BRNCH BRANCH
BRG BRDGE BRIDGE
BRK BROOK
BRKS BROOKS
BG BURG
BGS BURGS
BYP BYPA BYPAS BYPASS BYPS
CP CAMP CMP
CYN CANYN CANYON CNYN
CPE CAPE
CSWY CAUSEWAY CAUSWA CAUSWAY
CTR CEN CENT CENTER CENTR CENTRE CNTER CNTR
CTRS CENTERS
CIR CIRC CIRCL CIRCLE CRCL CRCLE
CIRS CIRCLES
CLF CLIFF
CLFS CLIFFS
CLB CLUB
CMN COMMON
CMNS COMMONS
COR CORNER
CORS CORNERS
CRSE COURSE
CT COURT CRT
CTS COURTS
CV COVE
CVS COVES
CRK CREEK
CRES CRESCENT CRSENT CRSNT
CRST CREST
XING CROSSING CRSSNG CRSSING
XRD CROSSROAD
XRDS CROSSROADS
CURV CURVE
DL DALE
DM DAM
DV DIV DIVIDE DVD
DR DRIV DRIVE DRV
DRS DRIVES
EST ESTATE
ESTS ESTATES
EXPY EXP EXPR EXPRESS EXPRESSWAY EXPW
EXT EXTENSION EXTN EXTNSN
EXTS EXTENSIONS
FLS FALLS
FRY FERRY FRRY
FLD FIELD
FLDS FIELDS
FLT FLAT
FLTS FLATS
FRD FORD
FRDS FORDS
FRST FOREST FORESTS
FRG FORG FORGE
FRGS FORGES
FRK FORK
FRKS FORKS
FT FORT FRT
FWY FREEWAY FREEWY FRWAY FRWY
GDN GARDEN GARDN GRDEN GRDN
GDNS GARDENS GRDNS
GTWY GATEWAY GATEWY GATWAY GTWAY
GLN GLEN
GLNS GLENS
GRN GREEN
GRNS GREENS
GRV GROV GROVE
GRVS GROVES
HBR HARB HARBOR HARBR HRBOR HARBOUR
HBRS HARBORS
HVN HAVEN
HTS HT HEIGHTS
HWY HIGHWAY HIGHWY HIWAY HIWY HWAY
HL HILL
HLS HILLS
HOLW HLLW HOLLOW HOLLOWS HOLWS
INLT INLET
IS ISLAND ISLND
ISS ISLANDS ISLNDS
ISLE ISLES
JCT JCTION JCTN JUNCTION JUNCTN JUNCTON
JCTS JCTNS JUNCTIONS
KY KEY
KYS KEYS
KNL KNOL KNOLL
KNLS KNOLLS
LK LAKE
LKS LAKES
LNDG LANDING LNDNG
LN LANE LANES
LGT LIGHT
LGTS LIGHTS
LF LOAF
LCK LOCK
LCKS LOCKS
LDG LDGE LODG LODGE
LOOP LOOPS LP
MNR MANOR
MNRS MANORS
MDW MEADOW
MDWS MEADOWS MEDOWS
ML MILL
MLS MILLS
MSN MISSION MISSN MSSN
MTWY MOTORWAY
MT MOUNT MNT
MTN MOUNTAIN MNTAIN MNTN MOUNTIN MTIN
MTNS MOUNTAINS MNTNS
NCK NECK
ORCH ORCHARD ORCHRD
OVAL OVL
OPAS OVERPASS
PARK PARKS PRK
PKWY PARKWAY PARKWY PKWAY PKY PARKWAYS PKWYS
PSGE PASSAGE
PATH PATHS
PIKE PIKES
PNE PINE
PNES PINES
PL PLACE
PLN PLAIN
PLNS PLAINS
PLZ PLAZA PLZA
PT POINT
PTS POINTS
PRT PORT
PRTS PORTS
PR PRAIRIE PRR
RADL RAD RADIAL RADIEL
RNCH RANCH RANCHES RNCHS
RPD RAPID
RPDS RAPIDS
RST REST
RDG RDGE RIDGE
RDGS RIDGES
RIV RIVER RVR RIVR
RD ROAD
RDS ROADS
RTE ROUTE RT
SHL SHOAL
SHLS SHOALS
SHR SHOAR SHORE
SHRS SHOARS SHORES
SKWY SKYWAY
SPG SPNG SPRING SPRNG
SPGS SPNGS SPRINGS SPRNGS
SPUR SPURS
SQ SQR SQRE SQU SQUARE
SQS SQRS SQUARES
STA STATION STATN STN
STRA STRAV STRAVEN STRAVENUE STRAVN STRVN STRVNUE
STRM STREAM STREME
ST STREET STRT STR SAINT
STS STREETS
SMT SUMIT SUMITT SUMMIT
TER TERR TERRACE
TRWY THROUGHWAY
TRCE TRACE TRACES
TRAK TRACK TRACKS TRK TRKS
TRFY TRAFFICWAY
TRL TRAIL TRAILS TRLS
TRLR TRAILER TRLRS
TUNL TUNEL TUNLS TUNNEL TUNNELS TUNNL
TPKE TRNPK TURNPIKE TURNPK
UPAS UNDERPASS
UN UNION
UNS UNIONS
VLY VALLEY VALLY VLLY
VLYS VALLEYS
VIA VDCT VIADCT VIADUCT
VW VIEW
VWS VIEWS
VLG VILL VILLAG VILLAGE VILLG VILLIAGE
VLGS VILLAGES
VL VILLE
VIS VIST VISTA VST VSTA
WALK WALKS
WAY WY
WL WELL
WLS WELLS
"""

# Publication 28, 233 (directionals).
DIRECTIONS = """
N NORTH
S SOUTH
E EAST
W WEST
NE NORTHEAST
NW NORTHWEST
SE SOUTHEAST
SW SOUTHWEST
"""

# Publication 28, 213 and appendix C2 (secondary units). APT, STE, UNIT and # become one mark: a centre's
# "Suite 104" is its "#104". Units that name something else than one occupant (floor, building, lot) keep
# their own word.
UNITS = """
# APT APARTMENT APTMT STE SUITE SUIT UNIT NUMBER NUM
BLDG BUILDING BLG
BSMT BASEMENT
DEPT DEPARTMENT
FL FLOOR FLR
HNGR HANGAR
LBBY LOBBY
LOT
LOWR LOWER
OFC OFFICE
PH PENTHOUSE
RM ROOM
SPC SPACE
UPPR UPPER
"""

# Numbers in words (Publication 28, 232 and appendix D): a key holds digits without their ending, 38TH as 38.
# And the one sign that stands for a word.
NUMBERS = """
AND &
1 FIRST
2 SECOND
3 THIRD
4 FOURTH
5 FIFTH
6 SIXTH
7 SEVENTH
8 EIGHTH
9 NINTH
10 TENTH
11 ELEVENTH
12 TWELFTH
13 THIRTEENTH
14 FOURTEENTH
15 FIFTEENTH
16 SIXTEENTH
17 SEVENTEENTH
18 EIGHTEENTH
19 NINETEENTH
20 TWENTIETH
"""

# Publication 28, appendix B; the names in words are the postal services', the longer abbreviations the
# press's. Canada: Canada Post's addressing guidelines, with the retired NF and PQ.
STATES = """
AL Alabama, Ala
AK Alaska
AZ Arizona, Ariz
AR Arkansas, Ark
CA California, Calif, Cal
CO Colorado, Colo
CT Connecticut, Conn
DE Delaware, Del
DC District of Columbia, Washington DC
FL Florida, Fla
GA Georgia
HI Hawaii
ID Idaho
IL Illinois, Ill
IN Indiana, Ind
IA Iowa
KS Kansas, Kans, Kan
KY Kentucky
LA Louisiana
ME Maine
MD Maryland
MA Massachusetts, Mass
MI Michigan, Mich
MN Minnesota, Minn
MS Mississippi, Miss
MO Missouri
MT Montana, Mont
NE Nebraska, Nebr, Neb
NV Nevada, Nev
NH New Hampshire
NJ New Jersey
NM New Mexico, N Mex
NY New York
NC North Carolina, N Carolina
ND North Dakota, N Dakota, N Dak
OH Ohio
OK Oklahoma, Okla
OR Oregon, Ore
PA Pennsylvania, Penna, Penn
RI Rhode Island
SC South Carolina, S Carolina
SD South Dakota, S Dakota, S Dak
TN Tennessee, Tenn
TX Texas, Tex
UT Utah
VT Vermont
VA Virginia
WA Washington, Washington State, Wash
WV West Virginia, W Virginia, W Va
WI Wisconsin, Wisc, Wis
WY Wyoming, Wyo
AS American Samoa
GU Guam
MP Northern Mariana Islands
PR Puerto Rico
VI Virgin Islands, US Virgin Islands
AA Armed Forces Americas
AE Armed Forces Europe
AP Armed Forces Pacific
AB Alberta
BC British Columbia
MB Manitoba
NB New Brunswick
NL Newfoundland and Labrador, Newfoundland, Newfoundland & Labrador, Labrador, NF
NS Nova Scotia
NT Northwest Territories
NU Nunavut
ON Ontario
PE Prince Edward Island, PEI
QC Quebec, PQ
SK Saskatchewan
YT Yukon, Yukon Territory
"""

PLACES_FILE = Path(__file__).with_name("places.txt")


def words() -> dict[str, str]:
    """Each word that has a shorter standard form in a matching key, with that form."""
    table = {}
    for line in "".join((SUFFIXES, DIRECTIONS, UNITS, NUMBERS)).split("\n"):
        short, *others = line.split() or [""]
        table.update(dict.fromkeys(others, short))
    return table


def states() -> dict[str, str]:
    """Each name of a state or province, in upper case and without full stops, with its two letters."""
    table = {}
    for line in STATES.strip().split("\n"):
        code, names = line.split(" ", 1)
        table[code] = code
        table.update({name.upper(): code for name in names.split(", ")})
    return table


def places() -> list[str]:
    """Known places as `NV LAS VEGAS`: a state's two letters, then a name in upper case without accents, full
    stops and apostrophes, hyphens as spaces. Reads `places.txt`; its head says where the names are from.
    """
    known = []
    for line in PLACES_FILE.read_text(encoding="ascii").splitlines():
        state, *names = line.split("|")
        if not line.startswith("#"):
            known += [f"{state} {name}" for name in names]
    return known
