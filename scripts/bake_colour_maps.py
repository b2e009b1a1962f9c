"""Bake matplotlib's colour maps into the page as 256-entry tables.

python scripts/bake_colour_maps.py            write plugin_frontend/src/math/colour_maps.ts
python scripts/bake_colour_maps.py --check    fail when that file is not what would be written
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import matplotlib

TARGET = Path(__file__).resolve().parent.parent / "plugin_frontend" / "src" / "math" / "colour_maps.ts"
ENTRIES = 256
STEPS_A_LINE = 85
NO_STEP = ord("M")

# Name in the page: (name in matplotlib, whether its middle stands for zero). RdBu is turned round so that blue is
# negative and red positive.
MAPS = {
    "viridis": ("viridis", False),
    "cividis": ("cividis", False),
    "rdbu": ("RdBu_r", True),
    "brbg": ("BrBG", True),
    "grey": ("gray", False),
}

HEADER = """\
// Written by scripts/bake_colour_maps.py from matplotlib's tables. Change that script, not this file.
//
// viridis: Nathaniel Smith, Stefan van der Walt, Eric Firing (CC0). cividis: Nunez, Anderton, Renslow, "Optimizing
// colormaps with consideration for color vision deficiency", PLOS ONE 2018. RdBu and BrBG: this product includes color
// specifications and designs developed by Cynthia Brewer (https://colorbrewer.org/), Apache License 2.0.

/** A colour map of 256 entries. `rgb` is rrggbb in hexadecimal, entry after entry, from the lowest value upwards. */
export interface ColourMap {
  readonly name: string;
  /** Whether the middle stands for zero, so that ranges are symmetric around it. */
  readonly diverging: boolean;
  readonly rgb: string;
}

/** `steps`: of red, then green, then blue, what each of entries 1 to 255 adds to the one before it; M is 0, N is 1. */
function colourMap(name: string, diverging: boolean, first: readonly number[], steps: string): ColourMap {
  const columns = first.map((level, channel) =>
    Array.from({ length: 256 }, (_, i) => (level += i ? steps.charCodeAt(channel * 255 + i - 1) - 77 : 0)),
  );
  const hex = (level: number): string => level.toString(16).padStart(2, "0");
  return { name, diverging, rgb: columns[0]!.map((_, i) => columns.map((each) => hex(each[i]!)).join("")).join("") };
}
"""


def table(name: str) -> list[tuple[int, int, int]]:
    """The entries of a matplotlib colour map as red, green, blue from 0 to 255."""
    colours = matplotlib.colormaps[name].resampled(ENTRIES)(range(ENTRIES), bytes=True)
    return [(int(red), int(green), int(blue)) for red, green, blue, _ in colours]


def source() -> str:
    """The TypeScript module with every table. Steps are small numbers, which the browser gets in a seventh of the bytes."""
    parts = [HEADER]
    for ours, (theirs, diverging) in MAPS.items():
        entries = table(theirs)
        columns = zip(*entries, strict=True)
        steps = "".join(chr(NO_STEP + b - a) for column in columns for a, b in itertools.pairwise(column))
        lines = [steps[i : i + STEPS_A_LINE] for i in range(0, len(steps), STEPS_A_LINE)]
        text = " +\n".join(f'    "{line}"' for line in lines)
        arguments = f'  "{ours}",\n  {str(diverging).lower()},\n  {list(entries[0])},\n{text},\n'
        parts.append(f"export const {ours}: ColourMap = colourMap(\n{arguments});\n")
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say whether the file is up to date")
    text = source()
    if parser.parse_args().check:
        if not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != text:
            sys.exit(f"{TARGET.name} is not what scripts/bake_colour_maps.py writes; run the script")
        return
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
