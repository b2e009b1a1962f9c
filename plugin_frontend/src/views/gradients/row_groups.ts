/** Which variables make up a row of the heatmap. */
import type { LayerRecord, VariableRecord } from "../../data/schema.ts";

export interface RowGroup {
  readonly name: string;
  /** As it stands in the gutter: variables of one layer are named once, and then by what they are. */
  readonly short: string;
  /** Path of the layer that owns them; null where that is not known. */
  readonly layer: string | null;
  /** Path of the layer or the variable. */
  readonly path: string;
  /** Places among the run's variables. */
  readonly places: readonly number[];
}

/** Layers in the order of their first variable, or every variable by itself. */
export function rowGroups(
  variables: readonly VariableRecord[],
  layers: readonly LayerRecord[],
  by: "layer" | "variable",
): RowGroup[] {
  const names = new Map(layers.map(({ path, name }) => [path, name]));
  if (by === "variable") {
    return variables.map(({ path, layer }, place) => {
      const owner = layer === null ? null : (names.get(layer) ?? layer);
      const name = owner === null ? path : `${owner} ${tailOf(path)}`;
      const first = owner !== null && variables[place - 1]?.layer !== layer;
      return { name, short: first ? owner : tailOf(path), layer, path, places: [place] };
    });
  }
  const groups = new Map<string, RowGroup & { places: number[] }>();
  variables.forEach(({ path, layer }, place) => {
    const key = layer ?? path;
    const group = groups.get(key);
    if (group) group.places.push(place);
    else {
      const name = names.get(key) ?? tailOf(key);
      groups.set(key, { name, short: name, layer, path: key, places: [place] });
    }
  });
  return [...groups.values()];
}

/** The end of a variable's path, such as "kernel". */
export function tailOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Places of a layer's variables. */
function placesOfLayer(variables: readonly VariableRecord[], layer: string | null): number[] {
  return variables.flatMap((variable, place) => (layer !== null && variable.layer === layer ? [place] : []));
}

/** Names of a layer's variables among themselves: the ends of their paths, or these whole where two ends are equal. */
export function namesInLayer(variables: readonly VariableRecord[], layer: string | null): string[] {
  const paths = placesOfLayer(variables, layer).map((place) => variables[place]!.path);
  const tails = paths.map(tailOf);
  return paths.map((path, i) => (tails.indexOf(tails[i]!) === tails.lastIndexOf(tails[i]!) ? tails[i]! : path));
}

/** The place of a layer's variable of that name, else of its first; −1 where it has none. */
export function placeOf(variables: readonly VariableRecord[], layer: string | null, name: string): number {
  const places = placesOfLayer(variables, layer);
  const named = [name, tailOf(name)].map((wanted) =>
    places.find((place) => variables[place]!.path === wanted || tailOf(variables[place]!.path) === wanted),
  );
  return named.find((place) => place !== undefined) ?? places[0] ?? -1;
}
