# SPDX-License-Identifier: GPL-2.0
"""What "fmp --json showconf" prints is what docs/schema/conf.json says, and is taken back."""
import json
import os
import subprocess
import sys

import jsonschema

from . import program

NOTHING = {"device_changed": False, "peers_added": 0, "peers_changed": 0, "peers_removed": 0}
KEY = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"


def load():
    with open(os.path.join(program.TOP, "docs", "schema", "conf.json"), encoding="utf-8") as file:
        return json.load(file)


def shown(scene):
    output = json.loads(program.run(scene, "--json", "showconf", "fmp0"))
    jsonschema.validate(output, load())
    return output


def round_trip(scene):
    text = json.dumps(shown(scene))
    assert program.run(scene, "checkconf", "-", text=text) == ""
    assert json.loads(program.run(scene, "--json", "syncconf", "fmp0", "-", text=text)) == NOTHING


def both_forms(scene):
    """A change shows in the same way whichever form it is written in."""
    changed = shown(scene)
    changed["peers"][0]["heartbeat"] = 77
    del changed["peers"][1]
    lines = program.run(scene, "showconf", "fmp0").split("\n\n[Peer]\n")
    lines[1] = "\n".join(x for x in lines[1].splitlines() if "Heartbeat" not in x) + "\nHeartbeat = 77"
    del lines[2]
    results = [json.loads(program.run(scene, "--json", "syncconf", "fmp0", "-", text=text))
               for text in (json.dumps(changed), "\n\n[Peer]\n".join(lines))]
    assert results[0] == results[1] == {**NOTHING, "peers_changed": 1, "peers_removed": 1}, results


def refused(text, status=1):
    done = subprocess.run(program.command("full", "syncconf", "fmp0", "-"), input=text,
                          capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == status and not done.stdout, done
    return done.stderr


def nothing_comes():
    """A program that writes a configuration and fails must not take all peers away."""
    assert "nothing comes from there" in refused("")
    assert "'peers' is missing" in refused('{"interface": {}}')


def same_verdict(document, key):
    """What the schema refuses, so does the program, and says which key it is."""
    try:
        jsonschema.validate(document, load())
    except jsonschema.ValidationError:
        said = refused(json.dumps(document))
        assert key in said, said
        return
    raise AssertionError("the schema takes it")


def all_members():
    """All that the schema has is known to the program, and has its limits."""
    definitions = load()["definitions"]
    values = {"addresses": ["10.0.0.1/8"], "local": ["192.0.2.1"], "public_key": KEY, "endpoint": "a.example:1",
              "allowed_ips": ["10.0.0.2"], "underlay": "eth0"}
    for name, of in definitions["interface"]["properties"].items():
        numbers = [x for part in of.get("anyOf", [of]) for x in
                   (part.get("minimum"), part.get("maximum"), *part.get("enum", []), part.get("const"))]
        for value in [x for x in numbers if x is not None] or [values.get(name, sample(of))]:
            checked({"interface": {name: value}, "peers": []})
    for name, of in definitions["peer"]["properties"].items():
        for value in of.get("enum") or [of[x] for x in ("minimum", "maximum") if x in of] or \
                [values.get(name, sample(of))]:
            checked({"interface": {}, "peers": [{"public_key": KEY, name: value}]})


def sample(of):
    if of.get("type") == "boolean":
        return True
    return ["true"] if "texts" in of.get("$ref", "") else "true"


def checked(document):
    jsonschema.validate(document, load())
    program.run("none", "checkconf", "-", text=json.dumps(document))


def generated():
    """What examples/generate prints for each of its hosts."""
    folder = os.path.join(program.TOP, "examples", "generate")
    for name in ("berlin", "lisbon", "laptop"):
        done = subprocess.run([sys.executable, "generate.py", "hosts.csv", name], cwd=folder,
                              capture_output=True, encoding="utf-8", timeout=300, check=True)
        document = json.loads(done.stdout)
        assert len(document["peers"]) == 2, document
        checked(document)


def names():
    """A file's name without its ending is that of the device, whichever form it is written in."""
    for word in ("./no device.conf", "./no device.json", "no device.json"):
        for verb in ("up", "reload", "down"):
            done = subprocess.run(program.command("none", verb, word), capture_output=True,
                                  encoding="utf-8", timeout=300, check=False)
            assert done.returncode == 1 and "'no device': not a name" in done.stderr, done


def cases():
    jsonschema.Draft7Validator.check_schema(load())
    for scene in ("bare", "old", "quiet", "full", "many"):
        yield f"conf.schema.{scene}", lambda scene=scene: shown(scene)
    for scene in ("quiet", "full"):
        yield f"conf.round_trip.{scene}", lambda scene=scene: round_trip(scene)
        yield f"conf.both_forms.{scene}", lambda scene=scene: both_forms(scene)
    yield "conf.nothing_comes", nothing_comes
    yield "conf.all_members", all_members
    yield "conf.generated", generated
    yield "conf.names", names
    for name, change in {
            "number": {"port": 65536}, "type": {"ecn": "on"}, "word": {"mmp_mode": "device"},
            "key": {"prot": 1}, "etx": {"congestion_etx": 100}, "tos": {"tos": 3},
            "empty": {"private_key_file": ""}, "list": {"local": "192.0.2.1"}, "float": {"mtu": 1300.5},
    }.items():
        yield f"conf.refuses_{name}", \
            lambda change=change: same_verdict({"interface": change, "peers": []}, next(iter(change)))
    yield "conf.refuses_peer", \
        lambda: same_verdict({"interface": {}, "peers": [{"public_key": "x"}]}, "peers[0].public_key")
    yield "conf.refuses_nobody", lambda: same_verdict({"interface": {}, "peers": [{}]}, "peers[0]")
