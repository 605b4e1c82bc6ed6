"""The command line: the same use cases as the pages."""

from __future__ import annotations

import sys

import typer

from app.commands import (
    audits,
    choices,
    data,
    lists,
    oversight,
    own,
    policies,
    reasons,
    receipts,
    register,
    rights,
    whole,
    yardstick,
)
from app.commands.base import cli, no_more_output
from data.errors import SightglassError

__all__ = [
    "audits",
    "choices",
    "cli",
    "data",
    "lists",
    "main",
    "oversight",
    "own",
    "policies",
    "reasons",
    "receipts",
    "register",
    "rights",
    "whole",
    "yardstick",
]


def main() -> None:
    """Run the command line; a refusal is one sentence on standard error and exit code 3."""
    try:
        code = cli(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except SightglassError as refused:
        print(refused, file=sys.stderr)
        sys.exit(refused.exit_code)
    except typer.Abort:
        sys.exit(130)
    except BrokenPipeError:  # whoever read our output has stopped; results are printed by `as_long_as_it_is_read`
        no_more_output()
        sys.exit(0)
    except OSError as error:  # a full disk, a folder that may not be written to
        print(f"{error.filename or 'a file'}: {error.strerror or error}; check the path.", file=sys.stderr)
        sys.exit(3)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        print(error.format_message(), file=sys.stderr)  # a wrong option: click's own sentence
        sys.exit(3)
