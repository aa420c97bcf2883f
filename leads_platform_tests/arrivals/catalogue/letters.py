"""Encodings and bytes: letters that are not what the contract says, and what is no letter at all."""

from __future__ import annotations

from leads_platform_tests.arrivals.catalogue.case import (
    ANN,
    BOB,
    CYD,
    GOOD,
    HEAD,
    A,
    B,
    C,
    accepted,
    partial,
    refused,
)

JOSE = ("1", "José Muñoz", "702-555-0101", "Reno")
WESTERN = HEAD + "1,José Muñoz,702-555-0101,Reno\n".encode("cp1252") + B
UNICODE = HEAD + "1,José Muñoz,702-555-0101,Reno\n".encode() + B
TWO = ((2, *JOSE), (3, *BOB))
BROKEN = "1,José Muñoz,702-555-0101,Reno\n".encode().decode("cp1252").encode()
CAPITAL = "1,Érik Ößler,702-555-0101,Reno\n".encode().decode("cp1252", "replace").encode()
SET = "set format.encoding: "

LETTERS = (
    accepted("plain", "A good file", GOOD),
    accepted("bom", "UTF-8 with a byte order mark", b"\xef\xbb\xbf" + GOOD),
    accepted("unicode", "UTF-8 beyond ASCII", UNICODE, "2 records", loaded=TWO),
    refused("latin-1", "latin-1, the contract says UTF-8", WESTERN, "not valid utf-8 at line 2", SET),
    refused(
        "cp1252",
        "cp1252 with curly quotes, the contract says UTF-8",
        HEAD + A + "2,Bob “Bo” Rook,702-555-0102,Elko\n".encode("cp1252"),
        "at line 3; looks like cp1252",
        SET + "cp1252",
    ),
    accepted("cp1252-agreed", "cp1252, as the contract says", WESTERN, "2 records", loaded=TWO, feed="western"),
    refused(
        "utf-8-for-cp1252",
        "UTF-8, the contract says cp1252",
        UNICODE,
        "is UTF-8, not cp1252",
        SET + "utf-8",
        feed="western",
    ),
    refused("utf-16", "UTF-16, the contract says UTF-8", GOOD.decode().encode("utf-16"), "UTF-16", SET + "utf-16"),
    refused("utf-16-bare", "UTF-16 without its mark", GOOD.decode().encode("utf-16-le"), "without a mark", SET),
    accepted("utf-16-agreed", "UTF-16, as the contract says", GOOD.decode().encode("utf-16"), feed="wide"),
    refused(
        "utf-16-cut",
        "UTF-16 cut inside a letter",
        GOOD.decode().encode("utf-16")[:-1],
        "not valid utf-16",
        "ask the supplier",
        feed="wide",
    ),
    refused("utf-32", "UTF-32", GOOD.decode().encode("utf-32"), "is UTF-32", SET + "utf-32"),
    refused(
        "two-encodings",
        "UTF-8 that turns into cp1252 on the way",
        UNICODE + "3,Rosé Lark,702-555-0103,Ely\n".encode("cp1252"),
        "not valid utf-8 at line 4",
        SET,
    ),
    accepted(
        "mojibake",
        "Letters saved in two encodings (JosÃ©)",
        HEAD + BROKEN + B,
        "2 records",
        "2 places hold letters like Ã©",
        loaded=((2, "1", "JosÃ© MuÃ±oz", *JOSE[2:]), (3, *BOB)),
    ),
    accepted(
        "mojibake-capitals",
        "The same with capitals (Ã‰, Ã\u2013)",
        HEAD + CAPITAL + B,
        "3 places hold letters like Ã©",
        loaded=((2, "1", "Ã‰rik Ã\u2013ÃŸler", *JOSE[2:]), (3, *BOB)),
    ),
    accepted(
        "replacement",
        "Letters lost before the file came (�)",
        HEAD + "1,Jos� Muñoz,702-555-0101,Reno\n".encode() + B,
        "1 letters are the replacement character",
        loaded=((2, "1", "Jos� Muñoz", *JOSE[2:]), (3, *BOB)),
    ),
    partial(
        "nul-in-cell",
        "A NUL byte in a cell",
        HEAD + A + b"2,Bob\0 Rook,702-555-0102,Elko\n" + C,
        "2 of 3 records loaded, 1 quarantined",
        "line 3: holds a NUL byte",
        loaded=((2, *ANN), (4, *CYD)),
        bad=((3, None, "holds a NUL byte"),),
    ),
    refused(
        "nul-in-header",
        "A NUL byte in the header",
        GOOD.replace(b"Name", b"Na\0me"),
        "NUL byte in its header",
        "ask for the file again",
    ),
    refused("nul-only", "Nothing but NUL bytes, as a full disk leaves", b"\0" * 5000, "NUL bytes", "send it again"),
    partial(
        "nul-tail",
        "A good beginning, then NUL bytes",
        HEAD + A * 40 + b"\0" * 300 + b"\n",
        "line 42: too few fields",
        loaded=tuple((at, *ANN) for at in range(2, 42)),
        bad=((42, None, "too few fields: 1, the header has 4"),),
    ),
    accepted("crlf", "CR LF line ends", GOOD.replace(b"\n", b"\r\n")),
    accepted("cr", "CR line ends", GOOD.replace(b"\n", b"\r")),
    accepted(
        "mixed-ends",
        "CR LF, CR and LF in one file",
        HEAD + A.replace(b"\n", b"\r\n") + B.replace(b"\n", b"\r") + C,
    ),
    accepted(
        "cr-in-quotes",
        "A CR alone inside quotes of a CR LF file",
        (HEAD + b'1,"Ann\rQuill",702-555-0101,Reno\n').replace(b"\n", b"\r\n") + B.replace(b"\n", b"\r\n"),
        "2 records",
        loaded=((2, "1", "Ann\rQuill", *ANN[2:]), (4, *BOB)),
    ),
    accepted(
        "blank-lines",
        "Empty lines between records",
        HEAD + b"\n" + A + b"\n\n" + B + C,
        loaded=((3, *ANN), (6, *BOB), (7, *CYD)),
    ),
    accepted(
        "zero-width",
        "Invisible letters in cells are kept",
        HEAD + "1,Ann\u200b\u00a0Quill,702-555-0101,Reno\n".encode() + B,
        "2 records",
        loaded=((2, "1", "Ann\u200b\u00a0Quill", *ANN[2:]), (3, *BOB)),
    ),
)
