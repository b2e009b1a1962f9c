"""Bake matplotlib's colour maps into the page as 256-entry tables.

python scripts/bake_colour_maps.py            write plugin_frontend/src/math/colour_maps.ts
python scripts/bake_colour_maps.py --check    fail when that file is not what would be written
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import matplotlib

TARGET = Path(__file__).resolve().parent.parent / "plugin_frontend" / "src" / "math" / "colour_maps.ts"
ENTRIES = 256
ENTRIES_A_LINE = 16

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
"""


def table(name: str) -> list[str]:
    """The entries of a matplotlib colour map as rrggbb."""
    colours = matplotlib.colormaps[name].resampled(ENTRIES)(range(ENTRIES), bytes=True)
    return [f"{red:02x}{green:02x}{blue:02x}" for red, green, blue, _ in colours]


def source() -> str:
    """The TypeScript module with every table."""
    parts = [HEADER]
    for ours, (theirs, diverging) in MAPS.items():
        entries = table(theirs)
        lines = ["".join(entries[i : i + ENTRIES_A_LINE]) for i in range(0, ENTRIES, ENTRIES_A_LINE)]
        text = " +\n".join(f'    "{line}"' for line in lines)
        fields = f'  name: "{ours}",\n  diverging: {str(diverging).lower()},\n  rgb:\n{text},\n'
        parts.append(f"export const {ours}: ColourMap = {{\n{fields}}};\n")
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
