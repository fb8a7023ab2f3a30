# SPDX-License-Identifier: GPL-2.0
"""python3 -m tool: runs all tests and prints KTAP."""
import itertools
import sys

import ktap

from . import completion, conf, exposition, report, schema, screen

if __name__ == "__main__":
    sys.exit(ktap.run(itertools.chain(schema.cases(), conf.cases(), exposition.cases(),
                                      report.cases(), completion.cases(), screen.cases())))
