"""What an e-mail address is, to be written to and for Salesforce: one rule for the lists and the sales file.

Belongs here: that one pattern, for SQL and for Python. Does not: e-mails as delivered, which are kept as they are.

The common part of what is valid (RFC 5322's dot-atom, RFC 1123's host names) and of what Salesforce takes; it refuses a
whole row for any other. Whether anybody reads it nobody can tell.
"""

from __future__ import annotations

import re

from leads_platform.warehouse import sql

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_EMAIL = rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{{2,}}"


def is_email(text: str | None) -> bool:
    """Whether it is an address.

    >>> is_email("ann.lee@acorn.example"), is_email("n/a"), is_email(None)
    (True, False, False)
    """
    return text is not None and re.fullmatch(_EMAIL, text) is not None


def is_email_sql(column: str) -> str:
    """The same as a condition of SQL; null is none."""
    return f"coalesce(regexp_full_match({column}, {sql.literal(_EMAIL)}), false)"
