# SPDX-License-Identifier: GPL-2.0
"""What is between marks in the document, and its plots."""

import os

import bars
import plot
import tables


def versions_line(data):
    v = data["versions"]
    rounds = {name: g["versions"]["rounds"] for name, g in data["groups"].items() if name != "peers"}
    return (f"Kernel {v['release']}, QEMU {v['emulator']}, fmp {v['fmp']}; rounds: " +
            ", ".join(f"{name} {n}" for name, n in rounds.items()) + ".\n")


def group_blocks(name, measures):
    """Of one group; most have one table"""
    if name == "peers":
        return {name: tables.peers_table(measures)}
    if name == "batches":
        return {name: tables.settings_table(measures), "sizes": tables.sizes_table(measures)}
    made = {name: tables.group_table(measures)}
    if name == "udp":
        made["cipher"] = tables.cipher_table(measures)
    return made


def blocks(data):
    """What the document's marks stand for"""
    groups = data["groups"]
    made = {"versions": versions_line(data), "noise": tables.noise_table(groups),
            "bars": tables.markdown(["", "bar", "measured", ""], bars.judge(groups, data.get("profile", {})))}
    for name, group in groups.items():
        made.update(group_blocks(name, group["measures"]))
    if "profile" in data:
        made["profile"] = tables.profile_table(data["profile"])
        made["areas"] = tables.areas_table(data["profile"])
    return made


def kernel_blocks(data, others):
    """How the ratios are on other kernels, of {kernel: data}"""
    made = {}
    for kernel, other in others.items():
        table = tables.kernel_table([data["versions"]["kernel"], kernel], data, other)
        if table:
            made["kernel-" + kernel] = versions_line(other) + "\n" + table
    return made


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
    units = {"tcp": "Mbit for 10^9 instructions, more is better",
             "cpus": "instructions of all CPUs for a packet, less is better"}
    for name, group in groups.items():
        path = os.path.join(directory, name + ".svg")
        if name == "peers":
            plot.lines(path, "Instructions for a packet received, by number of peers",
                       series(group["measures"]))
            continue
        if name == "batches":
            plot.bars(os.path.join(directory, "sizes.svg"), "Batches by the number of their frames, in %",
                      shares(group["measures"]))
            continue
        values = {m: {d: of["median"] for d, of in drivers.items() if d not in (tables.AGAIN, "cipher")}
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


def shares(measures):
    """{size: {run: % of what left or came}}, of where batches are made"""
    found = {}
    for (run, direction), of in tables.batch_sizes(measures).items():
        if (direction == "rx") != run.startswith("nic-"):
            continue
        everything = sum(of[size] for size in tables.SIZES) or 1
        for size, label in tables.SIZES.items():
            found.setdefault(label, {})[f"{run}, {direction}"] = 100 * of[size] / everything
    return found
