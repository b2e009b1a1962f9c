import { reachableParent } from "./tensorboard.ts";

/**
 * Follows TensorBoard's theme: a class on the parent's body, which prefers-color-scheme does not follow. Where the
 * parent cannot be seen, the system's preference. Calls `apply` at once and at every change.
 */
export function followTheme(apply: (dark: boolean) => void): void {
  const body = reachableParent()?.document.body;
  if (body) {
    const read = (): void => apply(body.classList.contains("dark-mode"));
    new MutationObserver(read).observe(body, { attributes: true, attributeFilter: ["class"] });
    read();
    return;
  }
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", () => apply(query.matches));
  apply(query.matches);
}
