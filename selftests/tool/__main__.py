# SPDX-License-Identifier: GPL-2.0
"""python3 -m tool: runs all tests and prints KTAP."""
import sys
import traceback

from . import exposition, schema, screen


def main():
    print("KTAP version 1")
    count = failed = 0
    for module in (schema, exposition, screen):
        for name, case in module.cases():
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
