# SPDX-License-Identifier: GPL-2.0
"""A terminal, played by tmux, with the program in it."""
import os
import shlex
import subprocess
import tempfile
import termios
import time

from . import program

PATIENCE = 30


class Terminal:
    def __init__(self, scene, *words, width=100, height=24, prefix="", **environment):
        self.directory = tempfile.TemporaryDirectory(prefix="fmp-tmux-")
        self.environment = {
            key: value for key, value in os.environ.items()
            if key not in ("TMUX", "NO_COLOR", "COLUMNS", "LINES") and not key.startswith("LC_")}
        # Looking for leaks stops all threads, which never ends once the terminal is gone.
        self.environment.update({"TMUX_TMPDIR": self.directory.name, "LC_ALL": "C.UTF-8",
                                 "ASAN_OPTIONS": "detect_leaks=0"})
        settings = " ".join(f"{k}={shlex.quote(v)}" for k, v in environment.items())
        words = shlex.join(program.command(scene, *words))
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height),
                  f"env {settings} {prefix} {words}; echo status $?; exec sleep 1000")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.tmux("kill-server")
        self.directory.cleanup()

    def program(self):
        """Process number of the program, a child of the shell in the terminal."""
        shell = self.tmux("list-panes", "-F", "#{pane_pid}").strip()
        with open(f"/proc/{shell}/task/{shell}/children", encoding="utf-8") as file:
            return int(file.read().split()[0])

    def is_sane(self):
        """Whether what is typed is seen, and read by lines."""
        name = self.tmux("list-panes", "-F", "#{pane_tty}").strip()
        fd = os.open(name, os.O_RDONLY | os.O_NOCTTY)
        try:
            modes = termios.tcgetattr(fd)[3]
        finally:
            os.close(fd)
        return modes & termios.ECHO and modes & termios.ICANON

    def tmux(self, *words):
        done = subprocess.run(["tmux", *words], env=self.environment, capture_output=True,
                              encoding="utf-8", timeout=PATIENCE, check=True)
        return done.stdout

    def screen(self, *options):
        return self.tmux("capture-pane", "-p", *options)

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def wait(self, wanted, what):
        """Waits until the screen is as wanted, a text in it or a function of it."""
        end = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            if wanted(screen) if callable(wanted) else wanted in screen:
                return screen
            assert time.monotonic() < end, f"{what} does not come:\n{screen}"
            time.sleep(0.05)

    def show(self, wanted):
        return self.wait(wanted, repr(wanted))

    def settled(self, wanted):
        """The screen with that text, once it is not being drawn any more."""
        before = self.show(wanted)
        while True:
            time.sleep(0.2)
            screen = self.show(wanted)
            if screen == before:
                return screen
            before = screen
