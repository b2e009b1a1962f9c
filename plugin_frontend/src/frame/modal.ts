import type { LitElement } from "lit";

/** The <dialog> that an element renders: shown above the page, closed by Escape and by a click beside it. */
export class Modal {
  readonly #host: LitElement;

  constructor(host: LitElement) {
    this.#host = host;
  }

  get shown(): boolean {
    return this.#dialog?.open ?? false;
  }

  show(): void {
    if (this.#dialog && !this.#dialog.open) this.#dialog.showModal();
  }

  readonly close = (): void => this.#dialog?.close();

  /** For a click: the dialog's own box is covered by what is in it, so only its surroundings are the dialog itself. */
  readonly closeOutside = (event: MouseEvent): void => {
    if ((event.target as HTMLElement).localName === "dialog") this.close();
  };

  get #dialog(): HTMLDialogElement | null {
    return this.#host.renderRoot.querySelector("dialog");
  }
}
