import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Keeps the size of an element that its host renders, and updates the host when it changes. */
export class SizeController implements ReactiveController {
  width = 0;
  height = 0;
  #observed: Element | null = null;
  readonly #observer = new ResizeObserver(([entry]) => {
    const { width = 0, height = 0 } = entry?.contentRect ?? {};
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.host.requestUpdate();
  });

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly element: () => Element | null,
  ) {
    host.addController(this);
  }

  hostUpdated(): void {
    const element = this.element();
    if (element === this.#observed) return;
    this.#observer.disconnect();
    this.#observed = element;
    if (element) this.#observer.observe(element);
  }

  hostDisconnected(): void {
    this.#observer.disconnect();
    this.#observed = null;
  }

  hostConnected(): void {
    this.host.requestUpdate();
  }
}
