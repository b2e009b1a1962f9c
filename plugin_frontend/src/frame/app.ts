import { css, html, LitElement } from "lit";
import type { Host } from "../host/tensorboard.ts";
import { base } from "../parts/styles.ts";
import type { Loader } from "../state/loader.ts";
import type { Player } from "../state/player.ts";
import type { Session } from "../state/session.ts";
import * as commands from "./commands.ts";
import { actionOf, isTyping, type Action } from "./keys.ts";
import type { KeysOverlay } from "./keys_overlay.ts";
import type { NoticesDialog } from "./notices_dialog.ts";
import type { RunsColumn } from "./run_list/runs_column.ts";
import type { Strip } from "./strip/strip.ts";
import type { FrameCommand } from "./tabs.ts";
import type { VerdictsDialog } from "./verdicts/verdicts_dialog.ts";
import type { ViewHost } from "./view_host.ts";
import "./keys_overlay.ts";
import "./notices_dialog.ts";
import "./run_list/runs_column.ts";
import "./scrubber/scrubber.ts";
import "./strip/strip.ts";
import "./tabs.ts";
import "./verdicts/verdict_bar.ts";
import "./verdicts/verdicts_dialog.ts";
import "./view_host.ts";

const SAID_MS = 3000;

/** The frame of the page: tabs, runs, layers, view, steps. Keys come in here. */
export class App extends LitElement {
  static override properties = {
    session: { attribute: false },
    loader: { attribute: false },
    player: { attribute: false },
    host: { attribute: false },
    said: { state: true },
  };
  declare session: Session;
  declare loader: Loader;
  declare player: Player;
  declare host: Host;
  declare said: string;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.said = "";
  }

  static override styles = [
    base,
    css`
      :host {
        display: grid;
        position: relative;
        grid-template:
          "tabs tabs" var(--h-tabs)
          "runs strip" var(--h-strip)
          "runs verdicts" auto
          "runs view" minmax(0, 1fr)
          "steps steps" var(--h-scrub) / var(--w-runs) minmax(0, 1fr);
        height: 100vh;
        background: var(--page);
        overflow: hidden;
      }
      cnn-tabs {
        grid-area: tabs;
      }
      .runs {
        grid-area: runs;
        position: relative;
        display: grid;
        grid-template: minmax(0, 1fr) / minmax(0, 1fr);
        min-height: 0;
        z-index: 1;
      }
      cnn-strip {
        grid-area: strip;
        min-width: 0;
      }
      cnn-verdict-bar {
        grid-area: verdicts;
        min-width: 0;
      }
      cnn-view-host {
        grid-area: view;
      }
      cnn-scrubber {
        grid-area: steps;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.#key);
    document.addEventListener("click", letGo);
    this.addEventListener("show-notices", () => this.#notices?.show());
    this.addEventListener("show-verdicts", () => this.#verdicts?.show());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.#key);
    document.removeEventListener("click", letGo);
  }

  override render(): unknown {
    const { session } = this;
    return html`
      <cnn-tabs .session=${session} .said=${this.said} @command=${this.#command}></cnn-tabs>
      <div class="runs"><cnn-runs .session=${session}></cnn-runs></div>
      <cnn-strip .session=${session}></cnn-strip>
      <cnn-verdict-bar .session=${session}></cnn-verdict-bar>
      <cnn-view-host role="main" .session=${session} .loader=${this.loader} @view-shown=${this.#viewShown}></cnn-view-host>
      <cnn-scrubber .session=${session} .player=${this.player}></cnn-scrubber>
      <cnn-keys-overlay></cnn-keys-overlay>
      <cnn-notices-dialog></cnn-notices-dialog>
      <cnn-verdicts-dialog .session=${session}></cnn-verdicts-dialog>
      <div class="sr-only" id="live" aria-live="polite"></div>
    `;
  }

  protected override firstUpdated(): void {
    const live = this.renderRoot.querySelector("#live");
    this.session.onAnnounce((text) => {
      if (live) live.textContent = text;
    });
    this.session.subscribe(() => {
      const dialog = this.#notices;
      if (!dialog) return;
      dialog.run = this.session.wishedA ?? "";
      dialog.notices = this.session.detail(this.session.wishedA)?.notices ?? null;
    });
  }

  get #notices(): NoticesDialog | null {
    return this.renderRoot.querySelector<NoticesDialog>("cnn-notices-dialog");
  }

  get #verdicts(): VerdictsDialog | null {
    return this.renderRoot.querySelector<VerdictsDialog>("cnn-verdicts-dialog");
  }

  get #host(): ViewHost | null {
    return this.renderRoot.querySelector<ViewHost>("cnn-view-host");
  }

  /** Buttons know what the view can do as soon as it is there. */
  #viewShown(): void {
    const tabs = this.renderRoot.querySelector("cnn-tabs") as
      (HTMLElement & { png: boolean; svg: boolean; csv: boolean }) | null;
    const view = this.#host?.view ?? null;
    if (!tabs) return;
    tabs.png = typeof view?.savePng === "function";
    tabs.svg = typeof view?.saveSvg === "function";
    tabs.csv = typeof view?.saveCsv === "function";
  }

  #command(event: CustomEvent<FrameCommand>): void {
    this.#act({ do: event.detail });
  }

  readonly #key = (event: KeyboardEvent): void => {
    const overlay = this.renderRoot.querySelector<KeysOverlay>("cnn-keys-overlay");
    if (
      event.defaultPrevented ||
      overlay?.shown ||
      this.#notices?.shown ||
      this.#verdicts?.shown ||
      isTyping(event.composedPath()[0], event.key)
    )
      return;
    const action = actionOf(event);
    if (action) {
      event.preventDefault();
      this.#act(action);
    } else if (this.#host?.view?.handleKey?.(event)) {
      event.preventDefault();
    }
  };

  #act(action: Action): void {
    const { session, player } = this;
    const runs = this.renderRoot.querySelector<RunsColumn>("cnn-runs");
    const names = runs?.shown.map((run) => run.name) ?? [];
    const view = this.#host?.view ?? null;
    switch (action.do) {
      case "view": {
        const chosen = session.views.find((each) => each.key === action.key);
        return chosen && session.set({ view: chosen.id });
      }
      case "step":
        player.stop();
        return player.move(action.by);
      case "first":
        return player.first();
      case "last":
        return player.last();
      case "play":
        return player.toggle();
      case "image":
        return commands.moveImage(session, action.by);
      case "layer": {
        const strip = this.renderRoot.querySelector<Strip>("cnn-strip");
        return commands.moveLayer(session, strip?.items ?? [], action.by);
      }
      case "next-run":
        return commands.moveRun(session, names, 1);
      case "set-b":
        return commands.setB(session, names, runs?.pointed ?? null);
      case "hide-run":
        return commands.hideRun(session, runs?.pointed ?? session.wishedA);
      case "swap":
        return commands.swapRuns(session);
      case "filter":
        return runs?.focusFilter();
      case "legend":
        document.documentElement.classList.toggle("legend-off");
        return session.changed();
      case "keys":
        return this.#showKeys();
      case "link":
        return this.#say(commands.copyLink(session, this.host));
      case "png":
        return this.#say(commands.savePng(session, view));
      case "svg":
        return this.#say(commands.saveSvg(session, view));
      case "csv":
        return this.#say(commands.saveCsv(session, view));
    }
  }

  #showKeys(): void {
    const overlay = this.renderRoot.querySelector<KeysOverlay>("cnn-keys-overlay");
    if (!overlay) return;
    overlay.view = this.session.view;
    overlay.show();
  }

  #say(done: Promise<string>): void {
    done
      .catch((error: unknown) => `That failed: ${error instanceof Error ? error.message : String(error)}`)
      .then((text) => {
        this.said = text;
        this.session.announce(text);
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => (this.said = ""), SAID_MS);
      });
  }
}

/** A button that the mouse pressed gives its focus back, so that the next arrow key moves the step and not the choice. */
function letGo(event: MouseEvent): void {
  if (event.detail === 0) return;
  const button = event.composedPath().find((target) => target instanceof HTMLButtonElement);
  button?.blur();
}

customElements.define("cnn-app", App);
