#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the guests measured, as JSON, tables and plots.

report.py compare OLD NEW          two drivers, from samples
report.py table                    all drivers, from samples
report.py versions JSON            keeps lines of the form name=value
report.py add JSON GROUP           keeps samples as those of the group
report.py profile JSON PREFIX      keeps a profile: samples, symbols, and what the plugin wrote
report.py show JSON                prints the tables
report.py docs JSON DOCUMENT       writes what is between marks in the document, and its plots

Samples come from standard input: "sample DRIVER MEASURE VALUE". Other lines are passed on.
"""

import json
import os
import statistics
import sys

import bars
import functions
import plot

METHOD = "QEMU -icount shift=0,sleep=off, one CPU, -cpu max,erms=off,fsrm=off,fsrs=off: " \
    "the guest's clock counts instructions"

# The second fmp is there for the noise, and is in no table but its own.
AGAIN = "fmp-again"


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


# --- the document


def markdown(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)] + rows
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def number(value):
    """Thousands apart, and no more digits than mean something"""
    text = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    return text.replace(",", " ")


def drivers_of(measures):
    seen = dict.fromkeys(d for drivers in measures.values() for d in drivers)
    return [d for d in seen if d not in (AGAIN, "cipher")]


def cell(drivers, driver):
    if driver not in drivers:
        return "-"
    return number(drivers[driver]["median"])


def ratio(drivers):
    if "fmp" not in drivers or "wireguard" not in drivers:
        return "-"
    return f"{drivers['fmp']['median'] / drivers['wireguard']['median']:.2f}"


def group_table(measures):
    names = drivers_of(measures)
    rows = []
    for measure, drivers in measures.items():
        if "cipher" in drivers:
            continue
        widest = max(of["spread"] for of in drivers.values())
        rows.append([measure] + [cell(drivers, name) for name in names] +
                    [ratio(drivers), f"{100 * widest:.1f} %"])
    return markdown([""] + names + ["fmp / WireGuard", "spread"], rows)


def cipher_table(measures):
    rows = [[measure, number(drivers["cipher"]["median"])]
            for measure, drivers in measures.items() if "cipher" in drivers]
    return markdown(["", "instructions"], rows)


def noise_table(groups):
    rows = []
    for group in groups.values():
        for measure, drivers in group["measures"].items():
            if AGAIN not in drivers:
                continue
            ratios = [b / a for a, b in zip(drivers["fmp"]["samples"], drivers[AGAIN]["samples"])]
            rows.append([measure, f"{statistics.median(ratios):.4f}",
                         f"{min(ratios):.4f}..{max(ratios):.4f}"])
    return markdown(["", "median", "of each round"], rows)


def peers_table(measures):
    """By number of peers, which is what the names of the measures end with"""
    columns = ["receive-one", "receive-all", "through-all", "memory", "add", "del", "del-device"]
    numbers = sorted({int(m.rsplit("-", 1)[1]) for m in measures})
    rows = []
    for driver in drivers_of(measures):
        for n in numbers:
            cells = [cell(measures.get(f"{column}-{n}", {}), driver) for column in columns]
            if set(cells) != {"-"}:
                rows.append([driver, number(n) if n >= 100 else str(n)] + cells)
    return markdown(["", "peers", "receive, one sends", "receive, all send", "through, all send",
                     "bytes a peer", "add all, ms", "remove all, ms", "remove the device, ms"], rows)


def profile_table(profile):
    """The hottest functions of each measure, side by side"""
    text = ""
    for measure, drivers in profile.items():
        head = [measure] + [word for driver in drivers for word in (driver, "")]
        rows = []
        for rank in range(functions.HOTTEST):
            row = [str(rank + 1)]
            for ranked in drivers.values():
                name, cost = ranked[rank]
                row += [f"`{name}`", number(cost)]
            rows.append(row)
        row = [""]
        for ranked in drivers.values():
            row += ["all but the cipher", number(functions.all_but_cipher(ranked))]
        rows.append(row)
        text += markdown(head, rows) + "\n"
    return text.rstrip("\n") + "\n"


def versions_line(data):
    v = data["versions"]
    rounds = {name: g["versions"]["rounds"] for name, g in data["groups"].items() if name != "peers"}
    return (f"Kernel {v['release']}, QEMU {v['emulator']}, fmp {v['fmp']}; rounds: " +
            ", ".join(f"{name} {n}" for name, n in rounds.items()) + ".\n")


def blocks(data):
    """What the document's marks stand for"""
    groups = data["groups"]
    made = {"versions": versions_line(data), "noise": noise_table(groups),
            "bars": markdown(["", "bar", "measured", ""], bars.judge(groups, data.get("profile", {})))}
    for name, group in groups.items():
        made[name] = (peers_table if name == "peers" else group_table)(group["measures"])
    if "udp" in groups:
        made["cipher"] = cipher_table(groups["udp"]["measures"])
    if "profile" in data:
        made["profile"] = profile_table(data["profile"])
    return made


def show(path):
    for name, content in blocks(load(path)).items():
        print(f"{name}\n\n{content}")


def fill(text, made):
    for name, content in made.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        if begin not in text:
            continue
        head, rest = text.split(begin, 1)
        text = head + begin + "\n" + content + "\n" + end + rest.split(end, 1)[1]
    return text


def plots(groups, directory):
    os.makedirs(directory, exist_ok=True)
    units = {"tcp": "Mbit for 10^9 instructions, more is better"}
    for name, group in groups.items():
        path = os.path.join(directory, name + ".svg")
        if name == "peers":
            plot.lines(path, "Instructions for a packet received, by number of peers",
                       series(group["measures"]))
            continue
        values = {m: {d: of["median"] for d, of in drivers.items() if d not in (AGAIN, "cipher")}
                  for m, drivers in group["measures"].items()}
        # Beside bare veth nothing else would be seen of TCP.
        if name == "tcp":
            values = {m: {d: v for d, v in of.items() if d != "veth"} for m, of in values.items()}
        plot.bars(path, units.get(name, "instructions a packet, less is better"),
                  {m: of for m, of in values.items() if of})


def series(measures):
    """{label: [(peers, cost)]}"""
    found = {}
    for measure, drivers in measures.items():
        kind, n = measure.rsplit("-", 1)
        if kind not in ("receive-one", "receive-all"):
            continue
        for driver, of in drivers.items():
            label = driver + (", one sends" if kind == "receive-one" else ", up to 1 000 in turn")
            found.setdefault(label, []).append((int(n), of["median"]))
    return found


def write_docs(path, document):
    data = load(path)
    with open(document, encoding="utf-8") as file:
        text = file.read()
    with open(document, "w", encoding="utf-8") as file:
        file.write(fill(text, blocks(data)))
    plots(data["groups"], os.path.splitext(document)[0])


COMMANDS = {"compare": (compare, 2), "table": (table, 0), "versions": (keep_versions, 1),
            "add": (keep_samples, 2), "profile": (keep_profile, 2), "show": (show, 1),
            "docs": (write_docs, 2)}


def main():
    command, *arguments = sys.argv[1:] or [""]
    if command not in COMMANDS or len(arguments) != COMMANDS[command][1]:
        sys.exit(__doc__)
    COMMANDS[command][0](*arguments)


main()
