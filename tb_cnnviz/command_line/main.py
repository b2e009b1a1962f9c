"""`tb-cnnviz`: its commands, and what they return."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tb_cnnviz.command_line.doctor_command import add_doctor


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns its exit code; bad use ends with code 2."""
    parser = argparse.ArgumentParser(prog="tb-cnnviz", description="See inside a network while it trains.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_doctor(commands)
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given))
    except BrokenPipeError:
        sys.stderr.close()
        return 0


if __name__ == "__main__":
    sys.exit(main())
