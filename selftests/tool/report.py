# SPDX-License-Identifier: GPL-2.0
"""What "fmp bug-report" prints can be given away."""
import contextlib
import json
import os
import re
import tempfile

from . import program

NSEC = "nsec1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5z5tpwxqergd3c8g7rusqpqcc2y"


@contextlib.contextmanager
def folder(variable, end, files):
    """Texts by the names of their files without the end, in the folder that the variable names."""
    with tempfile.TemporaryDirectory(prefix="fmp-report-") as directory:
        for name, text in files.items():
            with open(os.path.join(directory, name + end), "w", encoding="utf-8") as file:
                file.write(text)
        os.environ[variable] = directory
        try:
            yield
        finally:
            del os.environ[variable]


def agent_log(text):
    """What the agents of all devices of the scene said."""
    devices = json.loads(program.run("full", "--json", "show"))
    return folder("FMP_RUN_DIR", ".log", {d["name"]: text for d in devices})


def conf_dir(**files):
    return folder("FMP_CONF_DIR", ".conf", files)


def peers():
    return [p for d in json.loads(program.run("full", "--json", "show")) for p in d["peers"]]


def no_secrets():
    with agent_log(f"what comes here by mistake: {NSEC}, ({NSEC.upper()})\n"):
        for words in ((), ("--mask",)):
            text = program.run("full", "bug-report", *words)
            assert "what comes here by mistake" in text, text
            assert "nsec1" not in text.lower(), text
            assert text.count("(a secret key was here)") >= 2, text


def everything():
    text = program.run("full", "bug-report")
    for title in ("versions", "devices", "counters", "configuration in the kernel", "sockets",
                  "addresses and routes", "what the agent said", "system settings", "the kernel's log"):
        assert f"== {title}\n" in text, title
    for peer in peers():
        assert peer["public_key"] in text, peer


def masked():
    """No key and no address is left, and the same one has the same pseudonym."""
    peer = peers()[0]
    line = f"same: {peer['public_key']} {peer['public_key_hex']} [2001:db8::77]:2121 2001:db8:0::77 192.0.2.77:9."
    with agent_log(line + "\n"):
        text = program.run("full", "bug-report", "--mask")
    same = re.search(r"same: (key-\d+) (\S+) \[(address-\d+)\]:2121 (\S+) address-\d+:9\.", text)
    assert same, text
    assert same[1] == same[2] and same[3] == same[4], same[0]
    for peer in peers():
        values = [peer["public_key"], peer["public_key_hex"], *peer["addresses"]]
        for value in values:
            assert str(value) not in text, value


def hidden_lines():
    """What a file has of hooks and of keys, however it is written."""
    text = f"""[Interface]
ListenPort = 4711
PreUp = hush --token=one
PostUp: hush --token=two
PostUpHush = three
Prehush = four
PrivateKey = {NSEC}
PrivateKeyFile = "0x{"5a" * 32}"
Allow = {"hush" * 10}abc=
[hush]
[Peer]
Endpoint = 7up.example:2121 # hush
"""
    with conf_dir(hidden=text):
        shown = program.run("none", "bug-report")
    assert "ListenPort = 4711\n" in shown and "PreUp = (not shown)\n" in shown, shown
    assert "Endpoint = 7up.example:2121\n" in shown, shown
    for word in ("hush", "token", "nsec1", "5a5a"):
        assert word not in shown.lower(), shown


def json_file():
    """None of it is shown, and names that are in it are known."""
    name = "a" * 60 + "." + "b" * 60 + "." + "c" * 60 + ".example"
    text = json.dumps({"interface": {"post_up": ["hush = hush"]}, "peers": [{"endpoint": name + ":2121"}]}, indent=1)
    with conf_dir(fmp0=text), agent_log(f"of {name}: 1\n"):
        shown = program.run("full", "bug-report")
        masked_ = program.run("full", "bug-report", "--mask")
    assert "(JSON, not shown)\n" in shown and "hush" not in shown, shown
    assert f"of {name}: 1\n" in shown and name not in masked_ and "of name-" in masked_, masked_


def masked_peers():
    """Where a peer is and who it is, in all that is told of it."""
    text = program.run("full", "bug-report", "--mask")
    seen = set()
    for peer in peers():
        for key in ("endpoint", "endpoint_name", "node_addr"):
            value = peer.get(key)
            if value:
                seen.add(key)
                host = value if key == "node_addr" else value.rpartition(":")[0].strip("[]")
                assert host not in text, host
    assert seen == {"endpoint", "endpoint_name", "node_addr"}, seen


def without_module():
    """Of a kernel that refuses all, too, what there is is told."""
    text = program.run("none", "bug-report")
    assert "== system settings\n" in text and "fmp: " in text, text


def bad_word():
    program.run("full", "bug-report", "--masks", status=1)


def cases():
    for case in (no_secrets, everything, masked, hidden_lines, json_file, masked_peers, without_module, bad_word):
        yield "report." + case.__name__, case
