/**
 * TensorBoard imports this module into its frame and calls render. It is the only file whose name stays the same, so it
 * holds nothing: all other files bear a hash of what is in them, and the browser keeps them.
 */
const page = import("./main.ts");

export async function render(): Promise<void> {
  (await page).render();
}
