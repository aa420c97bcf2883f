"""The command line.

Belongs here: commands, questions, progress and words for a person at a terminal. Does not: what the commands do.
"""


def main() -> None:
    """The program `leads-platform`."""
    from leads_platform.cli.commands import main as called  # here, as other modules of this room need no commands

    called()
