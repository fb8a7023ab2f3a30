# SPDX-License-Identifier: GPL-2.0
"""Tables of what was measured, as the document has them."""

import statistics

import functions

# The second fmp is there for the noise, and is in no table but its own.
AGAIN = "fmp-again"

# Sizes of batches, of so many frames and fewer than the next.
SIZES = {"alone": "alone", "2": "2-3", "4": "4-7", "8": "8-15", "16": "16-31", "32": "32 and more"}

# A ratio to WireGuard is the same on two kernels if it differs by no more.
ALIKE = 0.10


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




def areas_table(profile):
    """What all but the cipher is spent on"""
    columns = [(measure, driver) for measure in ("burst-1420", "gso-1420", "gro-1420", "tcp-1")
               for driver in profile.get(measure, {})]
    spent = [functions.areas(profile[measure][driver]) for measure, driver in columns]
    rows = [[area] + [number(of[area]) for of in spent] for area in functions.AREAS]
    rows.append(["all but the cipher"] + [number(sum(of.values())) for of in spent])
    return markdown([""] + [f"{measure}, {driver}" for measure, driver in columns], rows)


# --- batches


def settings_table(measures):
    """What batches are worth, by setting"""
    names = {"both": "tx and rx", "tx": "tx only", "rx": "rx only", "neither": "neither",
             "wireguard": "wireguard"}
    rows = [[measure] + [cell(drivers, name) for name in names]
            for measure, drivers in measures.items() if not measure.startswith("size-")]
    return markdown([""] + list(names.values()), rows)


def batch_sizes(measures):
    """{(run, direction): {size: batches, "frames": those in batches}}"""
    found = {}
    for measure, drivers in measures.items():
        if not measure.startswith("size-"):
            continue
        run, size = measure[len("size-"):].rsplit("-", 1)
        for direction, of in drivers.items():
            found.setdefault((run, direction), {})[size] = of["median"]
    return found


def frames_a_batch(of):
    batches = sum(of[size] for size in SIZES if size != "alone")
    return f"{of['frames'] / batches:.1f}" if batches else "-"


def sizes_table(measures):
    rows = [[f"{run}, {direction}"] + [f"{of[size]:.0f}" for size in SIZES] + [frames_a_batch(of)]
            for (run, direction), of in batch_sizes(measures).items()]
    return markdown([""] + list(SIZES.values()) + ["frames a batch"], rows)


# --- kernels


def ratios(data):
    """{measure: (fmp's over WireGuard's, whether more is better)}"""
    found = {}
    for name in ("udp", "latency", "tcp"):
        for measure, drivers in data["groups"].get(name, {"measures": {}})["measures"].items():
            if "fmp" in drivers and "wireguard" in drivers:
                value = drivers["fmp"]["median"] / drivers["wireguard"]["median"]
                found[measure] = value, name == "tcp"
    for measure, drivers in data.get("profile", {}).items():
        if "fmp" in drivers and "wireguard" in drivers:
            value = (functions.all_but_cipher(drivers["fmp"]) /
                     functions.all_but_cipher(drivers["wireguard"]))
            found[measure + ", all but the cipher"] = value, False
    return found


def alike(change, more_is_better):
    if abs(change - 1) <= ALIKE:
        return "yes"
    return "better" if (change > 1) == more_is_better else "no"


def kernel_table(names, data, other):
    """The ratios to WireGuard on two kernels; None if nothing was measured on both"""
    here, there = ratios(data), ratios(other)
    rows = []
    for measure, (value, more_is_better) in here.items():
        if measure not in there:
            continue
        change = there[measure][0] / value
        rows.append([measure, f"{value:.2f}", f"{there[measure][0]:.2f}", f"{change:.2f}",
                     alike(change, more_is_better)])
    if not rows:
        return None
    return markdown(["fmp / WireGuard"] + names + ["the one over the other", "within 10 %"], rows)
