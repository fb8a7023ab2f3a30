# SPDX-License-Identifier: GPL-2.0
"""python3 -m interop [--fast] [COMMAND]...: each argument is a line, then standard input.

--fast: libraries multiply and encrypt.
"""
import sys

from . import control, loop


def main():
    lines = sys.argv[1:]
    if lines[:1] == ["--fast"]:
        # It wants ctypes, which not everybody has.
        from . import fast  # pylint: disable=import-outside-toplevel
        fast.use()
        del lines[0]
    owner = loop.Loop()
    command = control.Control(owner)
    for line in lines:
        command(line)
    owner.run(command)


if __name__ == "__main__":
    main()
