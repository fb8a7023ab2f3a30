# SPDX-License-Identifier: GPL-2.0
"""Tests in Python, whose results are KTAP."""
import traceback


def run(cases):
    """Runs pairs of a name and a function that raises if it fails; an exit status."""
    print("KTAP version 1")
    count = failed = 0
    for name, case in cases:
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
