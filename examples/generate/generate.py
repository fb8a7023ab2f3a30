#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: generate.py HOSTS.csv NAME

Prints the configuration of the host NAME, as JSON for "fmp syncconf DEV -". HOSTS.csv has
a line for each host: name, public_key, endpoint (may be empty), addresses (with blanks
between them).
"""
import csv
import json
import sys


def peer(host):
    entry = {"public_key": host["public_key"], "allowed_ips": host["addresses"].split()}
    if host["endpoint"]:
        entry["endpoint"] = host["endpoint"]
    return entry


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], newline="", encoding="utf-8") as file:
        hosts = {host["name"]: host for host in csv.DictReader(file)}
    own = hosts.pop(sys.argv[2], None)
    if own is None:
        sys.exit(f"no host {sys.argv[2]} in {sys.argv[1]}")
    interface = {
        "private_key_file": "/etc/fmp/fmp0.key",
        "addresses": [own["addresses"].split()[0] + "/24"],
    }
    json.dump({"interface": interface, "peers": [peer(host) for host in hosts.values()]},
              sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
