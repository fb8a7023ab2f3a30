# SPDX-License-Identifier: GPL-2.0
"""python3 -m interop.check [VECTORS]: runs all tests and prints KTAP."""
import itertools
import os
import sys

import ktap

from . import links, vectors

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    directory = sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "vectors")
    return ktap.run(itertools.chain(vectors.cases(directory), links.cases()))


if __name__ == "__main__":
    sys.exit(main())
