"""YAML's errors in words for people who write a contract once a year.

Belongs here: what the parser stumbled over, where, and how to write it instead. Does not: what a contract may say.
"""

from __future__ import annotations

import re

import yaml

# With these YAML begins something of its own; a value that starts with one stands in quotes.
_SIGNS = "%@`*&!|>"


def in_words(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The line, from 1, and what is wrong there."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return line, "holds a control character, which no text editor shows; write the line anew"
    if not isinstance(error, yaml.MarkedYAMLError) or not (mark := error.problem_mark or error.context_mark):
        return 1, f"is not valid YAML: {error}"
    lines = text.splitlines() or [""]
    here = lines[min(mark.line, len(lines) - 1)]
    before, sign = here[: mark.column], here[mark.column : mark.column + 1]
    return mark.line + 1, f"is not valid YAML: {_said(error, here, before, sign)}"


def _said(error: yaml.MarkedYAMLError, here: str, before: str, sign: str) -> str:  # noqa: PLR0911 - one sentence per slip
    problem = error.problem or error.context or ""
    if "\t" in here and (sign == "\t" or "\t" in before):
        return "there is a tab; YAML is indented by spaces, so put spaces in its place"
    if problem.startswith("mapping values are not allowed"):
        field = re.match(r"\s*(?:- )?([\w-]+):\s+(.+)", here)
        if field and _is_in_value(before):
            value = field[2].replace('"', "'")
            return f'there is a second colon in the value; put the value in quotes: {field[1]}: "{value}"'
        return (
            "a `field: value` begins where none can; is it indented as its neighbours, and has the line before a colon?"
        )
    if sign and sign in _SIGNS and ("cannot start any token" in problem or error.context or "alias" in problem):
        return f"a value begins with {sign}, which means something else in YAML; put the value in quotes"
    if "constructor for the tag" in problem:
        return f"a value begins with {sign}, which means something else in YAML; put the value in quotes"
    if "unknown escape" in problem:
        return "a backslash within double quotes means something else in YAML; use single quotes"
    if "end of stream" in problem and error.context_mark:
        return f"the quote that opens in line {error.context_mark.line + 1} is never closed"
    if "could not find expected ':'" in problem:
        return "the line before has no colon; write it as `field: value`"
    if "did not find expected ',' or" in problem and error.context_mark:
        return f"the bracket that opens in line {error.context_mark.line + 1} is not closed, or a comma is missing"
    if "expected key" in problem:
        return "is this line indented as its neighbours, and is every quote above it closed?"
    if "another document" in problem:
        return "a second `---` begins another document; a file holds one contract"
    return problem


def _is_in_value(before: str) -> bool:
    """Whether the text up to the mark holds a `field: ` already, so that the colon there is a second one."""
    return bool(re.match(r"\s*(?:- )?[\w-]+:\s", before))
