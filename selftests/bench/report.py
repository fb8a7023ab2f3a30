#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the guests measured, as tables.

report.py compare OLD NEW <samples
"""

import statistics
import sys


def read_samples(lines):
    """{measure: {driver: [value]}}, in the order in which they came"""
    samples = {}
    for line in lines:
        words = line.split()
        if words[:1] != ["sample"]:
            sys.stderr.write(line)
            continue
        driver, measure, value = words[1:4]
        samples.setdefault(measure, {}).setdefault(driver, []).append(float(value))
    return samples


def spread(values):
    """Of the largest and the smallest, in parts of the median"""
    return (max(values) - min(values)) / statistics.median(values)


def compare(old, new):
    samples = read_samples(sys.stdin)
    if not samples:
        sys.exit("no samples")
    row = "{:16} {:>10} {:>10} {:>8} {:>17} {:>7}"
    print(row.format("instructions", old, new, new + "/" + old, "of each round", "spread"))
    for measure, drivers in samples.items():
        before, after = drivers[old], drivers[new]
        ratios = [n / o for o, n in zip(before, after)]
        medians = statistics.median(before), statistics.median(after)
        print(row.format(measure, f"{medians[0]:.0f}", f"{medians[1]:.0f}",
                         f"{medians[1] / medians[0]:.4f}", f"{min(ratios):.4f}..{max(ratios):.4f}",
                         f"{100 * max(spread(before), spread(after)):.2f} %"))


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "compare":
        compare(*sys.argv[2:])
    else:
        sys.exit(__doc__)


main()
