#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the guests measured, as JSON, tables and plots.

report.py compare OLD NEW          two drivers, from samples
report.py table                    all drivers, from samples
report.py versions JSON            keeps lines of the form name=value
report.py add JSON GROUP           keeps samples as those of the group
report.py profile JSON PREFIX      keeps a profile: samples, symbols, and what the plugin wrote
report.py show JSON                prints the tables
report.py docs DIRECTORY KERNEL DOCUMENT
                                   writes what is between marks in the document, and its plots, of the
                                   JSON of the kernel, and how others compare

Samples come from standard input: "sample DRIVER MEASURE VALUE". Other lines are passed on.
"""

import json
import os
import statistics
import sys

import document
import functions

METHOD = "QEMU -icount shift=0,sleep=off, one CPU, -cpu max,erms=off,fsrm=off,fsrs=off: " \
    "the guest's clock counts instructions"

# The kernel that the document is about, and those that are compared with it.
KERNEL = "7.3"
OTHERS = ["6.12", "6.1"]


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
    if not samples:
        sys.exit("no samples")
    return samples


def spread(values):
    """Between the largest and the smallest, in parts of the median"""
    return (max(values) - min(values)) / (statistics.median(values) or 1)


def compare(old, new):
    samples = read_samples(sys.stdin)
    row = "{:16} {:>10} {:>10} {:>8} {:>17} {:>7}"
    print(row.format("instructions", old, new, new + "/" + old, "of each round", "spread"))
    for measure, drivers in samples.items():
        before, after = drivers[old], drivers[new]
        ratios = [n / o for o, n in zip(before, after)]
        medians = statistics.median(before), statistics.median(after)
        print(row.format(measure, f"{medians[0]:.0f}", f"{medians[1]:.0f}",
                         f"{medians[1] / medians[0]:.4f}", f"{min(ratios):.4f}..{max(ratios):.4f}",
                         f"{100 * max(spread(before), spread(after)):.2f} %"))


def table():
    for measure, drivers in read_samples(sys.stdin).items():
        print(measure, *(f"{driver} {statistics.median(values):.0f}"
                         for driver, values in drivers.items()))


# --- JSON


def load(path):
    if not os.path.exists(path):
        return {"method": METHOD, "versions": {}, "groups": {}}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def save(path, data):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")
    os.rename(path + ".new", path)


def keep_versions(path):
    data = load(path)
    data["versions"].update(line.rstrip("\n").split("=", 1) for line in sys.stdin)
    save(path, data)


def keep_samples(path, group):
    samples = read_samples(sys.stdin)
    data = load(path)
    data["groups"][group] = {
        "versions": dict(data["versions"]),
        "measures": {
            measure: {
                driver: {"samples": values, "median": statistics.median(values),
                         "spread": round(spread(values), 5)}
                for driver, values in drivers.items()}
            for measure, drivers in samples.items()},
    }
    save(path, data)


def keep_profile(path, prefix):
    data = load(path)
    data["profile"] = functions.profile(sys.stdin.readlines(), prefix)
    save(path, data)


def show(path):
    for name, content in document.blocks(load(path)).items():
        print(f"{name}\n\n{content}")


def write_docs(directory, kernel, path):
    """Of a kernel that is not the document's own, no more than how it compares"""
    found = {name: load(os.path.join(directory, name + ".json")) for name in [KERNEL] + OTHERS}
    others = {name: found[name] for name in OTHERS if found[name]["groups"]}
    made = {}
    if kernel == KERNEL:
        made.update(document.blocks(found[KERNEL]))
        document.plots(found[KERNEL]["groups"], os.path.splitext(path)[0])
    if found[KERNEL]["groups"]:
        made.update(document.kernel_blocks(found[KERNEL], others))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(document.fill(text, made))


COMMANDS = {"compare": (compare, 2), "table": (table, 0), "versions": (keep_versions, 1),
            "add": (keep_samples, 2), "profile": (keep_profile, 2), "show": (show, 1),
            "docs": (write_docs, 3)}


def main():
    command, *arguments = sys.argv[1:] or [""]
    if command not in COMMANDS or len(arguments) != COMMANDS[command][1]:
        sys.exit(__doc__)
    COMMANDS[command][0](*arguments)


main()
