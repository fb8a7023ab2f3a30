# SPDX-License-Identifier: GPL-2.0
"""What shells offer for a line is what the program takes."""
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import tempfile
import threading

from . import program

DIRECTORY = os.path.join(program.TOP, "tools", "completion")
SCENE = "full"
DEVICE = "fmp0"

# Calls the function as bash does, with the words of a line.
BASH = """
. "$1/fmp.bash" || exit
shift
spec=$(complete -p fmp) && [[ $spec =~ -F\\ ([a-z_]+) ]] || exit
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"${BASH_REMATCH[1]}" fmp
printf '%s\\n' "${COMPREPLY[@]}"
"""

# In the editor of lines, where alone there is completion: what is offered is written down.
ZSHRC = """
PS1= PROMPT_EOL_MARK=
fpath=($FMP_DIRECTORY $fpath)
autoload -Uz compinit
compinit -u -d $ZDOTDIR/dump
compadd() {
	local -a offered
	if [[ $1 == -[OAD] || $1 == -? && $2 == -[OAD] ]]; then
		builtin compadd "$@"
		return
	fi
	builtin compadd -O offered "$@"
	[[ -z $offered ]] || print -rl -- $offered >>$FMP_OUT
	builtin compadd "$@"
}
zle -C offer complete-word _main_complete
zle-line-init() {
	BUFFER=$FMP_LINE CURSOR=${#FMP_LINE}
	zle offer
	print done >>$FMP_OUT
	kill -KILL $$
}
zle -N zle-line-init
"""


class Shell:
    """A directory with the program, and with what a shell keeps."""
    def __init__(self):
        # pylint: disable=consider-using-with
        self.directory = tempfile.TemporaryDirectory(prefix="fmp-completion-")
        tool = self.path("bin", "fmp")
        os.mkdir(os.path.dirname(tool))
        with open(tool, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec {shlex.join(program.command(SCENE))} "$@"\n')
        os.chmod(tool, 0o755)
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm", HOME=self.path(),
                                PATH=f"{self.path('bin')}:{os.environ['PATH']}")

    def path(self, *names):
        return os.path.join(self.directory.name, *names)


class Bash(Shell):
    def offers(self, *words):
        done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", DIRECTORY, "fmp", *words],
                              env=self.environment, capture_output=True, encoding="utf-8",
                              cwd=self.path(), timeout=300, check=False)
        return set(done.stdout.split())


class Zsh(Shell):
    def __init__(self):
        super().__init__()
        self.environment.update(ZDOTDIR=self.path(), FMP_OUT=self.path("out"),
                                FMP_DIRECTORY=DIRECTORY)
        with open(self.path(".zshrc"), "w", encoding="utf-8") as file:
            file.write(ZSHRC)

    def run(self, line):
        here, there = pty.openpty()
        drain = threading.Thread(target=swallow, args=(here,), daemon=True)
        drain.start()
        try:
            subprocess.run(["zsh", "-d", "-i"], env=dict(self.environment, FMP_LINE=line),
                           cwd=self.path(), stdin=there, stdout=there, stderr=there,
                           start_new_session=True, timeout=300, check=False)
        finally:
            os.close(there)
            drain.join(10)
            os.close(here)

    def offers(self, *words):
        out = self.path("out")
        with open(out, "w", encoding="utf-8"):
            pass
        self.run(" ".join(("fmp", *words)))
        with open(out, encoding="utf-8") as file:
            offered = file.read().split()
        assert offered and offered[-1] == "done", f"no completion: {offered}"
        return set(offered[:-1])


def swallow(terminal):
    """What a terminal shows is not looked at, and must not fill it."""
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        pass


# --- what the program says

def commands():
    return set(re.findall(r"^  ([a-z][a-z-]*) ", program.run(SCENE, "help"), re.M))


def known(*words):
    """Words that belong where one stands that is not known."""
    done = subprocess.run(program.command(SCENE, *words, "no-such-word"), capture_output=True,
                          encoding="utf-8", timeout=300, check=False)
    found = re.search("known here: (.*)", done.stderr)
    assert done.returncode == 1 and found, done.stderr
    return set(found[1].split(", "))


def peers():
    shown = json.loads(program.run(SCENE, "--json", "show", DEVICE))
    return [peer["public_key"] for peer in shown[0]["peers"]]


def long_options(command):
    return set(re.findall(r"--[a-z][a-z-]*", program.run(SCENE, "help", command).split("\n\n")[0]))


# --- tests

def is_offered(shell, words, wanted):
    offered = shell.offers(*words)
    assert offered == set(wanted), f"{words}: {sorted(offered)} instead of {sorted(wanted)}"


def subcommands(shell):
    is_offered(shell, [""], commands() | {"help"})
    is_offered(shell, ["help", ""], commands())
    is_offered(shell, ["sh"], {"show", "showconf"})
    is_offered(shell, ["--json", "sh"], {"show", "showconf"})


def devices(shell):
    is_offered(shell, ["show", ""], {DEVICE, "all", "interfaces"})
    for words in ("set", "rekey", "agent", "setconf", "addconf", "syncconf", "showconf", "monitor",
                  "top", "metrics", "peer add", "peer set", "peer del", "peer show", "session add",
                  "session del", "session show"):
        is_offered(shell, [*words.split(), ""], {DEVICE})


def of_peers(shell):
    for words in "peer set", "peer del", "peer show", "rekey":
        is_offered(shell, [*words.split(), DEVICE, ""], peers())
    is_offered(shell, ["set", DEVICE, "port", "1", "peer", ""], peers())
    is_offered(shell, ["session", "add", DEVICE, "peer", ""], peers())
    is_offered(shell, ["peer", "add", DEVICE, ""], set())


def keywords(shell):
    key = peers()[0]
    for words in ("set", DEVICE), ("set", DEVICE, "port", "1"), ("set", DEVICE, "peer", key), \
                 ("set", DEVICE, "peer", key, "mmp", "full"), ("agent", DEVICE), \
                 ("session", "add", DEVICE), ("session", "del", DEVICE):
        wanted = known(*words)
        if "peer" in words:
            wanted = wanted | {"peer"}
        is_offered(shell, [*words, ""], wanted)
    for verb in "add", "set":
        is_offered(shell, ["peer", verb, DEVICE, key, ""], known("peer", verb, DEVICE, key))
    for command in "peer", "session":
        is_offered(shell, [command, ""], known(command))


def values(shell):
    """Each one that is offered is one that the program takes: it asks for a peer then."""
    words = known("set", DEVICE) - {"peer"}
    free = {"port", "handshake-burst", "handshake-rate"}
    for word in words:
        offered = shell.offers("set", DEVICE, word, "")
        assert bool(offered) == (word not in free), f"{word}: {offered}"
        for value in offered:
            known("set", DEVICE, word, value)
    key = peers()[0]
    is_offered(shell, ["peer", "set", DEVICE, key, "mmp", ""],
               {"full", "lightweight", "minimal", "device"})
    is_offered(shell, ["peer", "set", DEVICE, key, "endpoint", ""], set())


def options(shell):
    everywhere = {"--json", "--color", "--help"}
    assert shell.offers("--") == everywhere | {"--version"}
    for command in commands():
        offered = {word for word in shell.offers(command, "--") if word.startswith("--")}
        missing = long_options(command) - offered
        assert not missing and everywhere <= offered, f"{command}: {missing}"
    is_offered(shell, ["top", "--columns", ""], {"link", "quality", "traffic"})


def files(shell):
    wanted = {"own.key", "other.conf"}
    for name in wanted:
        with open(shell.path(name), "w", encoding="utf-8"):
            pass
    for words in ("agent", DEVICE, "private-key"), ("setconf", DEVICE), \
                 ("session", "add", DEVICE, "send-key"):
        offered = shell.offers(*words, "")
        assert wanted <= offered, f"{words}: {offered}"


TESTS = {"subcommands": subcommands, "devices": devices, "peers": of_peers, "keywords": keywords,
         "values": values, "options": options, "files": files}


def cases():
    for name, kind in ("bash", Bash), ("zsh", Zsh):
        if not shutil.which(name):
            yield f"completion.{name} # SKIP there is no {name}", lambda: None
            continue
        shell = kind()
        for test, function in TESTS.items():
            yield f"completion.{name}_{test}", lambda f=function, s=shell: f(s)
