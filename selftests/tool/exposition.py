# SPDX-License-Identifier: GPL-2.0
"""What "fmp metrics" prints is read by the parser of Prometheus's own library."""
import os
import re
import select
import subprocess
import time

from prometheus_client.parser import text_string_to_metric_families

from . import program

NAME = re.compile(r"fmp_(device|peer)_[a-z_]+$")
UNITS = re.compile(r"_(seconds|seconds_per_packet|bytes|bytes_per_second|packets|ratio)$")
BARE = {"fmp_device_peers", "fmp_device_agent", "fmp_device_counter", "fmp_peer_counter",
        "fmp_peer_decrypt_failures", "fmp_peer_state", "fmp_peer_congested",
        "fmp_peer_transmit_loss_bursts", "fmp_peer_transmit_congestion_marks",
        "fmp_peer_receive_congestion_marks", "fmp_peer_reports_sent",
        "fmp_peer_reports_received", "fmp_peer_reports_ignored"}
UP = "npub10xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqpkge6d"


def read(scene, *words):
    text = program.run(scene, "metrics", *words)
    families = {}
    for family in text_string_to_metric_families(text):
        assert family.name not in families, f"{family.name} comes twice"
        families[family.name] = family
    return families


def samples(families):
    return [sample for family in families.values() for sample in family.samples]


def check_form(scene):
    families = read(scene)
    seen = set()
    for name, family in families.items():
        assert NAME.match(name), name
        assert UNITS.search(name) or name in BARE, f"{name} has no unit"
        assert family.documentation, name
        assert family.type in ("gauge", "counter"), (name, family.type)
    for sample in samples(families):
        assert set(sample.labels) <= {"device", "peer", "name", "window", "state"}, sample
        assert "device" in sample.labels
        assert sample.name.startswith("fmp_device_") != ("peer" in sample.labels), sample
        key = (sample.name, tuple(sorted(sample.labels.items())))
        assert key not in seen, key
        seen.add(key)
    return families


def value(families, name, **labels):
    labels = {"device": "fmp0", "peer": UP, **labels}
    found = [s.value for s in samples(families) if s.name == name and s.labels == labels]
    assert len(found) == 1, (name, labels, found)
    return found[0]


def base_units():
    families = read("full")
    for name, wanted in {
            "rtt_seconds": 0.0201, "rtt_deviation_seconds": 0.00031, "rtt_age_seconds": 0.48,
            "transmit_loss_ratio": 0.0012, "receive_loss_ratio": 0,
            "transmit_jitter_seconds": 0.00125, "receive_jitter_seconds": 0.0009,
            "transmit_goodput_bytes_per_second": 1250000,
            "transmit_delay_trend_seconds_per_packet": -35e-9,
            "receive_delay_trend_seconds_per_packet": 12e-9,
            "transmit_loss_burst_max_packets": 4, "transmit_loss_burst_mean_packets": 1.5,
            "etx_ratio": 1.012, "link_cost_ratio": 1.223, "congested": 0,
            "state_age_seconds": 185, "last_receive_age_seconds": 1,
            "receive_bytes_total": 1e6, "transmit_bytes_total": 2e6,
    }.items():
        got = value(families, f"fmp_peer_{name}")
        assert got == wanted, (name, got, wanted)
    assert value(families, "fmp_peer_rtt_average_seconds", window="long") == 0.02012
    assert value(families, "fmp_peer_transmit_loss_average_ratio", window="long") == 5000
    assert value(families, "fmp_peer_state", state="up") == 1
    assert value(families, "fmp_peer_state", state="down") == 0


def everything_is_there():
    empty = [name for name, family in read("full").items() if not family.samples]
    assert not empty, empty


def nothing_is_there():
    assert not samples(read("none"))
    assert not samples(read("bare"))
    assert not [s for s in samples(read("old")) if "rtt" in s.name or "state" in s.name]
    assert {s.value for s in samples(read("quiet")) if s.labels.get("state") == "new"} == {1}


def names_are_escaped():
    assert {s.labels["device"] for s in samples(check_form("strange"))} == {'f"m\\p'}


def documented():
    with open(os.path.join(program.TOP, "docs", "metrics-operator.md"), encoding="utf-8") as file:
        rows = set(re.findall(r"^\| `(fmp_\w+)` \|", file.read(), re.M))
    names = set(re.findall(r"^# TYPE (\w+)", program.run("full", "metrics"), re.M))
    assert rows == names, rows ^ names


def nothing_secret():
    text = program.run("full", "metrics")
    assert "nsec" not in text and not re.search(r"[0-9a-f]{64}", text)


def over_http():
    head, body = program.run("full", "metrics", "--http", "fmp0",
                             text="GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").split("\n\n", 1)
    assert head.startswith("HTTP/1.0 200 OK\n"), head
    assert "Content-Type: text/plain; version=0.0.4" in head
    assert list(text_string_to_metric_families(body))
    refused = program.run("none", "metrics", "--http", "fmp0", status=2, text="GET / HTTP/1.0\n\n")
    assert refused.startswith("HTTP/1.0 503 "), refused


def slow_request():
    """Bytes that come one by one put the end of the request off no further."""
    with subprocess.Popen(program.command("full", "metrics", "--http"), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        start = time.monotonic()
        while not select.select([process.stdout], [], [], 0.5)[0]:
            assert time.monotonic() < start + 30, "it waits for ever"
            process.stdin.write(b"x")
            process.stdin.flush()
        assert process.stdout.readline() == b"HTTP/1.0 200 OK\r\n"
        process.stdout.read()


def cases():
    for scene in program.SCENES:
        yield f"exposition.{scene}", lambda scene=scene: check_form(scene)
    yield "exposition.base_units", base_units
    yield "exposition.everything", everything_is_there
    yield "exposition.nothing", nothing_is_there
    yield "exposition.escaped", names_are_escaped
    yield "exposition.nothing_secret", nothing_secret
    yield "exposition.http", over_http
    yield "exposition.slow_request", slow_request
    yield "exposition.documented", documented
