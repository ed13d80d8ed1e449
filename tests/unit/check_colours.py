#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the colours of the results in the page of `smf-spf report`, light and dark: each has contrast with what is behind it
(WCAG 2.2, 1.4.11), and no two are alike to a reader with any kind of colour vision.

usage: check_colours.py [SOURCE DIRECTORY]
"""
import itertools
import re
import sys
from pathlib import Path

NAMES = ("pass", "rest", "error", "softfail", "fail")
CONTRAST_MIN = 3
DISTANCE_MIN = 25  # in CIELAB, where 2 can just be told apart side by side
# Linear RGB as it is seen without one kind of cones (Machado, Oliveira, Fernandes 2009, severity 1).
SIGHTS = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((.152286, 1.052583, -.204868), (.114503, .786281, .099216), (-.003882, -.048116, 1.051998)),
    "deuteranopia": ((.367322, .860646, -.227968), (.280085, .672501, .047413), (-.01182, .04294, .968881)),
    "tritanopia": ((1.255528, -.076749, -.178779), (-.078411, .930809, .147602), (.004733, .691367, .3039)),
}


def linear(colour):
    """sRGB "#rrggbb" as linear red, green and blue."""
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= .04045 else ((part + .055) / 1.055) ** 2.4 for part in parts]


def luminance(rgb):
    return .2126 * rgb[0] + .7152 * rgb[1] + .0722 * rgb[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(linear(one)), luminance(linear(other))))
    return (lighter + .05) / (darker + .05)


def lab(rgb):
    """CIELAB under D65."""
    x = (.4124 * rgb[0] + .3576 * rgb[1] + .1805 * rgb[2]) / .9505
    z = (.0193 * rgb[0] + .1192 * rgb[1] + .9505 * rgb[2]) / 1.089
    fx, fy, fz = (part ** (1 / 3) if part > .008856 else 7.787 * part + 16 / 116 for part in (x, luminance(rgb), z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(one, other, sight):
    seen = [lab([min(1, max(0, sum(a * b for a, b in zip(row, linear(colour))))) for row in sight])
            for colour in (one, other)]
    return sum((a - b) ** 2 for a, b in zip(*seen)) ** .5


def faults_of(scheme, colours):
    for name in NAMES:
        found = contrast(colours[name], colours["paper"])
        if found < CONTRAST_MIN:
            yield f"{scheme}: the contrast of {name} is {found:.2f}"
    for (one, other), (kind, sight) in itertools.product(itertools.combinations(NAMES, 2), SIGHTS.items()):
        found = distance(colours[one], colours[other], sight)
        if found < DISTANCE_MIN:
            yield f"{scheme}: {one} and {other} are alike to {kind}: {found:.1f}"


def main() -> int:
    source = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    text = (source / "src/tools/report/page.css").read_text(encoding="utf-8")
    values = {}
    for name, value in re.findall(r"--(\w+): (#[0-9a-f]{6});", text):
        values.setdefault(name, []).append(value)
    faults = [f"{name} has {len(values.get(name, []))} colours, not one for light and one for dark"
              for name in (*NAMES, "paper") if len(values.get(name, [])) != 2]
    for number, scheme in enumerate(("light", "dark")):
        if not faults:
            faults += faults_of(scheme, {name: found[number] for name, found in values.items() if len(found) == 2})
    print("\n".join(faults) or f"{len(NAMES)} colours, twice")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
