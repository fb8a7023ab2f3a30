# SPDX-License-Identifier: GPL-2.0
"""The program, on a kernel that is played: selftests/unit/scene.h has the scenes."""
import os
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNIT = os.path.join(TOP, "selftests", "unit", ".obj", "unit")
SCENES = ("none", "bare", "old", "quiet", "full", "many", "strange")


def command(scene, *words):
    return [UNIT, "fmp", scene, *words]


def run(scene, *words, status=0, text=None):
    """What it prints; its messages are in the error when the status is another."""
    done = subprocess.run(command(scene, *words), input=text or "", capture_output=True,
                          encoding="utf-8", timeout=300, check=False)
    assert done.returncode == status, f"status {done.returncode}: {done.stderr}"
    return done.stdout
