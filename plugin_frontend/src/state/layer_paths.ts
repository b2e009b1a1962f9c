/**
 * Layers of two runs are the same where their paths are, but for the model's own name in front: Keras counts models up by
 * itself ("sequential/conv1", "sequential_1/conv1").
 */

/** What all paths of a model begin with, such as "sequential/"; empty where they have no first part in common. */
export function rootOf(paths: readonly string[]): string {
  const [first] = paths;
  const root = first?.slice(0, first.indexOf("/") + 1) ?? "";
  return paths.every((path) => path.startsWith(root)) ? root : "";
}

export function withoutRoot(path: string, root: string): string {
  return path.startsWith(root) ? path.slice(root.length) : path;
}

/** The path among `paths` that is `path` in a model of another name; null where there is none. */
export function counterpartOf(path: string, paths: readonly string[]): string | null {
  if (paths.includes(path)) return path;
  const root = rootOf(paths);
  const first = path.indexOf("/") + 1;
  const found = root + path.slice(first);
  return root !== "" && first > 1 && paths.includes(found) ? found : null;
}
