import type { ReactiveControllerHost } from "lit";

/** What to do where a module does not come: the server is gone, or serves a newer page. */
export const RELOAD =
  "TensorBoard does not answer, or the page was updated since this tab was opened. If trying again does not help, reload the tab.";

/** Custom elements whose modules are loaded when they are first wanted. The host is updated when one is there. */
export class LazyElements {
  readonly #loading = new Set<string>();
  readonly #failed = new Set<string>();

  constructor(private readonly host: ReactiveControllerHost) {}

  /** Whether the element is defined. If not, its module is loaded, unless that failed before. */
  has(tag: string, load: () => Promise<unknown>): boolean {
    if (customElements.get(tag)) return true;
    if (!this.#failed.has(tag)) this.load(tag, load);
    return false;
  }

  failed(tag: string): boolean {
    return this.#failed.has(tag);
  }

  load(tag: string, load: () => Promise<unknown>): void {
    if (this.#loading.has(tag)) return;
    this.#loading.add(tag);
    this.#failed.delete(tag);
    load()
      .catch(() => this.#failed.add(tag))
      .finally(() => {
        this.#loading.delete(tag);
        this.host.requestUpdate();
      });
  }
}
