# SPDX-License-Identifier: GPL-2.0
"""Plots, as SVG that nothing else is needed for."""

import math
from xml.sax.saxutils import escape

COLOURS = ["#1b6ca8", "#d1495b", "#edae49", "#66a182", "#8d6a9f", "#5c677d"]
# A driver has its colour in every plot.
DRIVER_COLOURS = {"fmp": COLOURS[0], "wireguard": COLOURS[1], "ovpn": COLOURS[2], "veth": COLOURS[5]}
WIDTH = 760
LEFT = 120
RIGHT = 90
BAR = 14
GAP = 12
TOP = 58


class Canvas:
    """Elements, and how high they reach"""

    def __init__(self, title):
        self.parts = []
        self.text(10, 20, title, size=14, weight="bold")

    def text(self, x, y, words, anchor="start", size=12, weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
                          f'font-weight="{weight}">{escape(str(words))}</text>')

    def rect(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                          f'fill="{colour}"/>')

    def line(self, points, colour, width=1.0):
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" '
                          f'stroke-width="{width}"/>')

    def legend(self, colours):
        x = 10
        for name, colour in colours.items():
            self.rect(x, 32, 12, 12, colour)
            self.text(x + 16, 42, name)
            x += 34 + 7 * len(name)

    def write(self, path, height):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
                       f'font-family="sans-serif" fill="#222">\n'
                       f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>\n')
            file.write("\n".join(self.parts) + "\n</svg>\n")


def bars(path, title, values):
    """values: {measure: {driver: value}}"""
    drivers = list(dict.fromkeys(d for of in values.values() for d in of))
    colours = {d: DRIVER_COLOURS.get(d, COLOURS[i % len(COLOURS)]) for i, d in enumerate(drivers)}
    scale = (WIDTH - LEFT - RIGHT) / max(v for of in values.values() for v in of.values())
    canvas = Canvas(title)
    canvas.legend(colours)
    y = TOP
    for measure, of in values.items():
        canvas.text(LEFT - 8, y + BAR * len(of) / 2 + 4, measure, anchor="end")
        for driver, value in of.items():
            canvas.rect(LEFT, y, value * scale, BAR - 2, colours[driver])
            canvas.text(LEFT + value * scale + 4, y + BAR - 4, f"{value:.0f}", size=10)
            y += BAR
        y += GAP
    canvas.write(path, y)


def lines(path, title, series):
    """series: {label: [(x, y)]}, over the logarithm of x, and from 0 on"""
    bottom = 340
    points = [p for of in series.values() for p in of]
    most_x = max(math.log10(x) for x, _ in points) or 1
    most_y = 1.1 * max(y for _, y in points)

    def at(x, y):
        return (LEFT + (WIDTH - LEFT - RIGHT) * math.log10(x) / most_x,
                bottom - (bottom - TOP) * y / most_y)

    canvas = Canvas(title)
    colours = dict(zip(series, COLOURS))
    canvas.legend(colours)
    canvas.line([(LEFT, TOP), (LEFT, bottom), (WIDTH - RIGHT, bottom)], "#888")
    for part in range(5):
        y = most_y * part / 4
        canvas.text(LEFT - 8, at(1, y)[1] + 4, f"{y:.0f}", anchor="end")
    for x in sorted({x for x, _ in points}):
        canvas.text(at(x, 0)[0], bottom + 18, x, anchor="middle")
    for label, of in series.items():
        canvas.line([at(x, y) for x, y in of], colours[label], width=2)
    canvas.write(path, bottom + 30)
