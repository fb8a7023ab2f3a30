# SPDX-License-Identifier: GPL-2.0
"""python3 -m interop [COMMAND]...: each argument is a line, then standard input."""
import sys

from . import control, loop


def main():
    owner = loop.Loop()
    command = control.Control(owner)
    for line in sys.argv[1:]:
        command(line)
    owner.run(command)


if __name__ == "__main__":
    main()
