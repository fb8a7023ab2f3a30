# SPDX-License-Identifier: GPL-2.0
"""'fmp top' as a person sees it, in tmux."""
import os
import re
import signal
import subprocess
import time

from . import program
from .terminal import Terminal

BLOCKS = set("▁▂▃▄▅▆▇█")
DOCUMENT = os.path.join(program.TOP, "docs", "metrics-operator.md")
FAST = ("top", "-d", "0.1")


def rows(screen):
    return [line for line in screen.splitlines()[3:] if line.strip()]


def shows_rows(terminal, count, *wanted):
    """The screen with so many rows, and patterns in them: its first line comes before them."""
    return terminal.wait(lambda s: len(rows(s)) == count and all(
        re.search(pattern, "\n".join(rows(s)), re.M) for pattern in wanted), f"{count} rows, {wanted}")


def starts_and_ends():
    with Terminal("full", *FAST, "-s", "RTT") as terminal:
        terminal.show("3 peers: 1 up, 1 down, 1 new")
        screen = shows_rows(terminal, 3, "^b\\.example ")
        assert "PEER" in screen.splitlines()[2], screen
        terminal.wait(lambda s: re.search("[▁-█]{3}", s), "a history")
        terminal.press("q")
        screen = terminal.show("status 0")
        assert "peers" not in screen, screen


def first_frame_has_no_rates():
    with Terminal("full", "top", "-d", "60") as terminal:
        shows_rows(terminal, 3, r"^b\.example .* 1\.25ms +- +- +1\.01 ")


def sorts():
    with Terminal("full", *FAST) as terminal:
        terminal.show("by RX/s down")
        terminal.press(">")
        terminal.show("by TX/s down")
        terminal.press("r")
        terminal.show("by TX/s up")
        terminal.press("Left", "Left")
        terminal.show("by JITTER down")


def shows_other_things():
    with Terminal("full", *FAST) as terminal:
        terminal.show("of RTT")
        terminal.press("s")
        terminal.show("of LOSS")
        terminal.press("c")
        terminal.show("VARIES")
        terminal.press("c")
        terminal.show("GOODPUT")
        terminal.show("b.example ")
        terminal.press("k")
        terminal.show("npub10xlxv..ge6d")
        terminal.press("+")
        terminal.show("every 0.2 s")
        terminal.press("h")
        terminal.show("reverse the order")
        terminal.press("h")
        terminal.wait(lambda s: "reverse the order" not in s, "the end of the help")


def pauses():
    with Terminal("many", *FAST) as terminal:
        terminal.show("300 peers")
        terminal.press("p")
        still = terminal.settled("PAUSED")
        # Some keys later, ten samples would have come.
        for _ in range(5):
            terminal.press("h")
            terminal.show("reverse the order")
            terminal.press("h")
            terminal.wait(lambda s: s == still, "the rows as they were")
        terminal.press("p")
        terminal.wait(lambda s: "PAUSED" not in s and rows(s) != rows(still), "a sample")


def scrolls():
    with Terminal("many", *FAST, "-s", "ENDPOINT", height=13) as terminal:
        terminal.show("peers 1 to 10")
        terminal.press("NPage")
        terminal.show("peers 11 to 20")
        terminal.press("Down")
        terminal.show("peers 12 to 21")
        terminal.press("End")
        terminal.show("peers 291 to 300")
        terminal.press("PPage", "Up")
        terminal.show("peers 280 to 289")
        terminal.press("Home")
        terminal.show("peers 1 to 10")


def fits(width, height):
    def fit(screen):
        lines = screen.splitlines()
        return (len(lines) <= height and max(map(len, lines)) <= width and
                len(rows(screen)) == max(height - 3, 0) and "PEER" in lines[2])
    return fit


def survives_resizes():
    with Terminal("many", *FAST, width=120, height=30) as terminal:
        terminal.wait(fits(120, 30), "all of the screen")
        for width, height in (60, 10), (200, 50), (20, 5), (80, 24):
            terminal.resize(width, height)
            terminal.wait(fits(width, height), f"a screen of {width} by {height}")
        terminal.resize(3, 2)
        terminal.press("q")
        terminal.resize(80, 24)
        terminal.show("status 0")


def outlives_the_device():
    with Terminal("gone", "top", "fmp0", "-d", "0.1") as terminal:
        screen = terminal.show("cannot get the configuration of 'fmp0'")
        assert not rows(screen), screen
        terminal.press("s")
        terminal.show("of LOSS")
        terminal.press("q")
        terminal.show("status 0")


def older_modules():
    for scene, remark in ("old", "this module tells nothing of its links"), ("none", "no peers"):
        with Terminal(scene, *FAST) as terminal:
            terminal.show(remark)
    with Terminal("bare", *FAST) as terminal:
        terminal.show("2 peers")
        shows_rows(terminal, 2, r"npub10xlxv\.\.ge6d")


def other_characters():
    with Terminal("full", *FAST, LC_ALL="C") as terminal:
        screen = terminal.wait(lambda s: re.search("[-_.=+o*#]{3}$", s, re.M), "a history")
        assert screen.isascii(), screen
    with Terminal("strange", *FAST) as terminal:
        screen = terminal.show('b"\\?[31m?.exam..')
        assert set(filter(lambda c: not c.isascii(), screen)) <= BLOCKS, screen


def colours():
    red = re.compile("\033\\[[0-9;]*31m[^\033]*down")
    with Terminal("full", *FAST) as terminal:
        shows_rows(terminal, 3, " down ")
        assert red.search(terminal.screen("-e")), terminal.screen("-e")
    with Terminal("full", *FAST, NO_COLOR="1") as terminal:
        shows_rows(terminal, 3, " down ")
        assert not re.search("\033\\[[0-9;]*3[1-7]m", terminal.screen("-e")), terminal.screen("-e")


def ends_after_frames():
    with Terminal("full", *FAST, "-n", "3") as terminal:
        terminal.show("status 0")


def other_terminals():
    done = subprocess.run(program.command("full", "top"), capture_output=True, encoding="utf-8",
                          stdin=subprocess.DEVNULL, timeout=300, check=False)
    assert done.returncode == 2 and "not on a terminal" in done.stderr, done
    # What ncurses looked for stays its own.
    with Terminal("full", "top", TERM="no-such", ASAN_OPTIONS="detect_leaks=0") as terminal:
        screen = terminal.show("status 2")
        assert "'no-such': no such terminal is known" in screen, screen


def ends_by_signals():
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT:
        with Terminal("full", "top", "-d", "60") as terminal:
            terminal.show("3 peers")
            os.kill(terminal.program(), number)
            screen = terminal.show("status 0")
            assert "peers" not in screen, screen
            assert terminal.is_sane(), number


def ends_with_its_terminal():
    with Terminal("full", *FAST, prefix="setsid -w") as terminal:
        terminal.show("3 peers")
        number = terminal.program()
        os.kill(number, 0)
    end = time.monotonic() + 30
    while os.path.exists(f"/proc/{number}"):
        assert time.monotonic() < end, f"process {number} goes on without a terminal"
        time.sleep(0.05)


def capture():
    with Terminal("many", "top", "-d", "0.2", "--history", "LOSS", "-s", "LOSS",
                  width=118, height=16) as terminal:
        terminal.wait(lambda s: re.search("[▁-█]{18}", s), "a history")
        terminal.press("p")
        return terminal.show("PAUSED").rstrip() + "\n"


def document():
    """The text before the screen, the screen, and the text after it."""
    with open(DOCUMENT, encoding="utf-8") as file:
        before, screen, after = file.read().split("```\n", 2)
    return before, screen, after


def documented():
    """make -C selftests/tool capture puts another one there."""
    shown = document()[1].splitlines()
    with Terminal("many", "top", "--history", "LOSS", width=118, height=16) as terminal:
        screen = terminal.wait(fits(118, 16), "all of the screen").splitlines()
    assert shown[2].rstrip() == screen[2].rstrip(), (shown[2], screen[2])
    assert len(shown) == len(screen), (len(shown), len(screen))


def cases():
    for case in (starts_and_ends, first_frame_has_no_rates, sorts, shows_other_things, pauses,
                 scrolls, survives_resizes, outlives_the_device, older_modules, other_characters,
                 colours, ends_after_frames, other_terminals, ends_by_signals, ends_with_its_terminal,
                 documented):
        yield f"screen.{case.__name__}", case


if __name__ == "__main__":
    TEXT = "```\n".join((document()[0], capture(), document()[2]))
    with open(DOCUMENT, "w", encoding="utf-8") as out:
        out.write(TEXT)
