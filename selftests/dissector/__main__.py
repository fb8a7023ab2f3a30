# SPDX-License-Identifier: GPL-2.0
"""python3 -m dissector: runs all tests and prints KTAP."""
import sys

import ktap

from .cases import all_cases

if __name__ == "__main__":
    sys.exit(ktap.run(all_cases()))
