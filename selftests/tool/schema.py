# SPDX-License-Identifier: GPL-2.0
"""What "fmp --json show" prints is what docs/schema/show.json says."""
import copy
import json
import os

import jsonschema

from . import program


def load():
    with open(os.path.join(program.TOP, "docs", "schema", "show.json"), encoding="utf-8") as file:
        return json.load(file)


def closed(schema):
    """The same, with no other keys than those it has."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        schema["additionalProperties"] = False
    return schema


def validate(scene, *words):
    output = json.loads(program.run(scene, "--json", "show", *words))
    jsonschema.validate(output, closed(load()))
    return output


def everything_is_there():
    """A key of the schema that no output has would be documented for nothing."""
    definitions = load()["definitions"]
    device = validate("full")[0]
    peers = device["peers"]
    wanted = {"device": [device], "peer": peers, "metrics": [p["metrics"] for p in peers],
              "session": [s for p in peers for s in p["sessions"]]}
    for name, objects in wanted.items():
        missing = set(definitions[name]["properties"]) - set().union(*objects)
        assert not missing, f"{name}: {missing}"


def nothing_is_there():
    device = validate("bare")[0]
    assert set(device) == {"version", "name", "ifindex", "peers"}, device
    assert set(device["peers"][1]) == {"public_key", "public_key_hex", "addresses", "sessions"}


def values():
    peers = {p["state"]: p for p in validate("full")[0]["peers"]}
    up, down, new = peers["up"], peers["down"], peers["new"]
    assert up["state_ms"] == 185000 and "state_ms" not in new
    assert new["metrics"] == {"congested": False}
    assert up["metrics"]["congested"] is False and down["metrics"]["congested"] is True
    assert up["metrics"]["tx_owd_trend"] == -35
    assert up["metrics"]["tx_loss_trend"] == {"short": 1200, "long": 5000000000}
    assert (up["mmp_mode"], down["mmp_mode"], new["mmp_mode"]) == ("full", "lightweight", "minimal")


def refuses(change):
    """A schema that takes anything shows nothing."""
    output = validate("full")
    bad = copy.deepcopy(output)
    change(bad[0])
    try:
        jsonschema.validate(bad, load())
    except jsonschema.ValidationError:
        return
    raise AssertionError("the schema takes it")


def cases():
    jsonschema.Draft7Validator.check_schema(load())
    for scene in program.SCENES:
        yield f"schema.{scene}", lambda scene=scene: validate(scene)
    yield "schema.one_device", lambda: validate("full", "fmp0")
    yield "schema.everything", everything_is_there
    yield "schema.nothing", nothing_is_there
    yield "schema.values", values
    for name, change in {
            "version": lambda d: d.update(version=2),
            "no_version": lambda d: d.pop("version"),
            "state": lambda d: d["peers"][0].update(state="asleep"),
            "metrics": lambda d: d["peers"][0]["metrics"].update(rtt_us=-1),
            "trend": lambda d: d["peers"][0]["metrics"].update(etx_trend={"short": "1"}),
            "key": lambda d: d["peers"][0].update(public_key_hex="0g" * 32),
    }.items():
        yield f"schema.refuses_{name}", lambda change=change: refuses(change)
