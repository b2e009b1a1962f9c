import { brbg, cividis, grey, rdbu, viridis, type ColourMap } from "./colour_maps.ts";

/** What a colour map is chosen for: signed weights, other values around zero, or magnitudes from zero upwards. */
export type ColourUse = "weights" | "signed" | "magnitude";

interface ColourChoice {
  readonly map: ColourMap;
  readonly label: string;
  readonly uses: readonly ColourUse[];
}

/** The colour maps that a person can choose, the default of each use first. A new one is baked, and gets a line here. */
const CHOICES: readonly ColourChoice[] = [
  { map: rdbu, label: "red, blue", uses: ["weights", "signed"] },
  { map: brbg, label: "teal, brown", uses: ["weights", "signed"] },
  // Mid grey is zero, as in a folded tile.
  { map: { ...grey, diverging: true }, label: "grey", uses: ["weights"] },
  { map: viridis, label: "viridis", uses: ["magnitude"] },
  { map: cividis, label: "cividis", uses: ["magnitude"] },
];

const of = (use: ColourUse): readonly ColourChoice[] => CHOICES.filter(({ uses }) => uses.includes(use));

/** As the URL spells them. */
export function colourNames(use: ColourUse): [string, ...string[]] {
  return of(use).map(({ map }) => map.name) as [string, ...string[]];
}

/** For a list to choose from. */
export function colourOptions(use: ColourUse): { value: string; label: string }[] {
  return of(use).map(({ map, label }) => ({ value: map.name, label }));
}

export function colourNamed(name: string, use: ColourUse): ColourMap {
  const choices = of(use);
  return (choices.find(({ map }) => map.name === name) ?? choices[0]!).map;
}
