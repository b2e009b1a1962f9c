import type { Bounds } from "./bounds.ts";
import type { FilterOptions } from "./fields.ts";
import { sameShape } from "./kernels.ts";
import { openedFilter, pictureOf, type PanelId, type Picture, type PictureInput } from "./picture.ts";

/**
 * The last picture: the same one while its input stays, so that nothing is painted twice; and the scale it had, which
 * is kept while steps play, and while all steps load for the scale over all of them. So colours do not jump.
 */
export class PictureMemory {
  private last: { input: PictureInput; picture: Picture } | null = null;
  private scale: ReadonlyMap<PanelId, Bounds> = new Map();

  get picture(): Picture | null {
    return this.last?.picture ?? null;
  }

  pictureOf(wanted: Omit<PictureInput, "held">, playing: boolean): Picture {
    const before = this.last;
    // The session makes its options anew whenever anything in the URL changes.
    const options = before && sameOptions(before.input.options, wanted.options) ? before.input.options : wanted.options;
    const input = { ...wanted, options, held: this.heldFor({ ...wanted, options }, playing) };
    const changed = (Object.keys(input) as (keyof PictureInput)[]).filter((key) => before?.input[key] !== input[key]);
    if (before && !changed.length) return before.picture;
    const picture =
      before && changed.every((key) => key === "filter") && before.picture.mode !== "one"
        ? { ...before.picture, filter: openedFilter(input, before.picture.order) }
        : pictureOf(input);
    this.last = { input, picture };
    // A held scale stays the one that it is.
    if (!input.held) this.scale = new Map(picture.panels.map(({ id, bounds }) => [id, bounds]));
    return picture;
  }

  private heldFor({ a, options, history }: Omit<PictureInput, "held">, playing: boolean): PictureInput["held"] {
    const { last } = this;
    if (!last || !sameShape(last.picture.panels[0]!.kernels, a)) return null;
    const loading = options.scale === "all" && !history;
    return loading || (playing && options === last.input.options) ? this.scale : null;
  }
}

/** But for those that change no picture. */
function sameOptions(a: FilterOptions, b: FilterOptions): boolean {
  return (
    a.mode === b.mode &&
    a.scale === b.scale &&
    a.sort === b.sort &&
    a.show === b.show &&
    a.map === b.map &&
    a.part === b.part
  );
}
