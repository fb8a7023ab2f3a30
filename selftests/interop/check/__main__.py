# SPDX-License-Identifier: GPL-2.0
"""python3 -m interop.check [VECTORS]: runs all tests and prints KTAP."""
import os
import sys
import traceback

from . import links, vectors

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def cases(directory):
    yield from vectors.cases(directory)
    yield from links.cases()


def main():
    directory = sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "vectors")
    print("KTAP version 1")
    count = failed = 0
    for name, case in cases(directory):
        count += 1
        try:
            case()
        except Exception:  # pylint: disable=broad-except
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {count} {name}", flush=True)
        else:
            print(f"ok {count} {name}", flush=True)
    print(f"1..{count}")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
