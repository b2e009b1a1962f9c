import { css, html, nothing } from "lit";
import type { Rect } from "../../canvas/grid_layout.ts";
import { isolated } from "../../parts/isolated.ts";
import { LazyElements, RELOAD } from "../../parts/lazy_elements.ts";
import "../../parts/message.ts";
import "../../parts/notice.ts";
import "../../parts/segmented.ts";
import { base, controls } from "../../parts/styles.ts";
import "../../parts/view_layout.ts";
import { hasKind } from "../../state/selectors.ts";
import { RecordsController } from "../../state/records_controller.ts";
import { ViewElement } from "../view.ts";
import type { LabBase } from "./lab_base.ts";
import { LAB_VIEW, type LAB_FIELDS } from "./lab_definition.ts";
import type { Lab, LabMode } from "./lab_mode.ts";
import { layerFor, modeOf, type Mode } from "./mode.ts";
import { inputQuery, operationOf, operationQuery, type Operation } from "./operation.ts";
import type { Volume } from "./volume.ts";

const MODULES: Readonly<Record<Mode, () => Promise<unknown>>> = {
  convolution: () => import("./convolution/convolution_mode.ts"),
  pooling: () => import("./pooling/pooling_mode.ts"),
  activation: () => import("./activation/activation_mode.ts"),
  loss: () => import("./loss/loss_mode.ts"),
  optimizer: () => import("./optimizer/optimizer_mode.ts"),
};

/** They ask for their records themselves. */
const WITHOUT_OPERATIONS: ReadonlySet<Mode> = new Set(["activation", "loss", "optimizer"]);

/** The one probe image whose inputs and outputs are logged. */
const IMAGE = 0;

/**
 * Lab: what does this operation do, cell by cell?
 *
 * For tests in a browser: `state` says what is shown, null while anything is on its way, and `cellRect(part, row,
 * column)` is the client rectangle of a cell; the parts are those of the mode.
 */
export class LabView extends ViewElement<typeof LAB_FIELDS> {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: block;
        height: 100%;
        min-width: 0;
      }
    `,
  ];

  readonly definition = LAB_VIEW;
  readonly #operation = new RecordsController(
    this,
    () => this.session,
    () => (WITHOUT_OPERATIONS.has(this.#chosen) ? null : operationQuery(this.session)),
  );
  readonly #input = new RecordsController(
    this,
    () => this.session,
    () => this.#inputQuery(),
  );
  readonly #modules = new LazyElements(this);
  #complete: Pick<Lab, "run" | "operation" | "input" | "inputName"> | null = null;

  #inputQuery() {
    const record = this.#operation.records?.[0];
    const operation = record ? operationOf(record) : null;
    const run = this.#operation.query?.run;
    return !operation || operation instanceof Error || run === undefined ? null : inputQuery(run, operation);
  }

  get #chosen(): Mode {
    const { session } = this;
    return modeOf(this.options.mode, session.layer, session.detailA);
  }

  override render(): unknown {
    const missing = this.#missingModule(this.#chosen);
    if (missing) return missing;
    if (WITHOUT_OPERATIONS.has(this.#chosen)) return this.#ofItself(this.#chosen);
    const record = this.#operation.records?.[0];
    const operation = record ? operationOf(record) : null;
    if (operation instanceof Error) return this.#message("This layer cannot be shown", operation.message);
    if (operation) this.#join(operation, this.#operation.query?.run ?? "");
    const complete = this.#complete;
    const layer = this.session.layers.find((each) => each.path === complete?.operation.layer);
    if (!complete || !layer) {
      const { error } = this.#operation;
      return error === null
        ? html`<cnn-view-layout ?busy=${this.#operation.slow}></cnn-view-layout>`
        : this.#message("This step cannot be read", error instanceof Error ? error.message : String(error));
    }
    const { session } = this;
    const lab: Lab = {
      ...this.#base(layer),
      ...complete,
      choose: (channel) => session.set({ channel }),
      slow: this.#operation.slow || this.#input.slow,
    };
    const mode = modeOf(this.options.mode, layer, session.detailA);
    const shell = this.#shell(lab, mode);
    return mode === "pooling"
      ? html`<cnn-lab-pooling class="mode" .lab=${lab} .shell=${shell}></cnn-lab-pooling>`
      : html`<cnn-lab-convolution class="mode" .lab=${lab} .shell=${shell}></cnn-lab-convolution>`;
  }

  /** What stands there while the mode's own module is on its way. */
  #missingModule(mode: Mode): unknown {
    const tag = `cnn-lab-${mode}`;
    if (this.#modules.has(tag, MODULES[mode])) return null;
    if (!this.#modules.failed(tag)) return html`<cnn-view-layout></cnn-view-layout>`;
    return html`<cnn-message heading="This part of the Lab could not be loaded" text=${RELOAD}>
      <button slot="actions" class="primary" @click=${() => this.#modules.load(tag, MODULES[mode])}>Try again</button>
    </cnn-message>`;
  }

  #base(layer: LabBase["layer"]): LabBase {
    const { session } = this;
    return {
      session,
      run: session.runA ?? "",
      step: session.step ?? 0,
      layer,
      options: this.options,
      set: (patch) => this.setOptions(patch),
    };
  }

  /** A mode that asks itself for its records; operations take no part. */
  #ofItself(mode: Mode): unknown {
    const lab = this.#base(this.session.layer!);
    const shell = this.#shell(lab, mode);
    if (mode === "loss") return html`<cnn-lab-loss class="mode" .lab=${lab} .shell=${shell}></cnn-lab-loss>`;
    return mode === "optimizer"
      ? html`<cnn-lab-optimizer class="mode" .lab=${lab} .shell=${shell}></cnn-lab-optimizer>`
      : html`<cnn-lab-activation class="mode" .lab=${lab} .shell=${shell}></cnn-lab-activation>`;
  }

  /** Input and output of one layer at one step together; until both are here the picture before them stays. */
  #join(operation: Operation, run: string): void {
    const path = operation.inputLayer;
    const name = this.session.layers.find((layer) => layer.path === path)?.name ?? path ?? "input";
    const join = (input: Volume | Error): void => {
      this.#complete = { run, operation, input, inputName: name };
    };
    if (operation.input) return join(operation.input);
    if (path === null) return join(new Error("What went into this layer was not logged."));
    if (this.#input.error !== null)
      return join(new Error(`The output of ${name}, which is its input, cannot be read.`));
    const record = this.#input.records?.[0];
    if (!record || record.layer !== path || record.step !== operation.step || this.#input.query?.run !== run) return;
    const source = operationOf(record);
    join(source instanceof Error ? source : source.output);
  }

  #shell(lab: LabBase, mode: Mode): unknown {
    const { layer, session } = lab;
    const pools =
      layer.role === "pooling" ? `${isolated(layer.name)} is a pooling layer: it has no kernels` : undefined;
    const isOfImage = !WITHOUT_OPERATIONS.has(mode);
    const image = isOfImage ? session.state.image : IMAGE;
    const unmeasured = hasKind(session.detailA, "activations")
      ? undefined
      : "This run logged no activations of the training batch";
    return html`
      <span slot="title" title=${layer.path}>${layer.name}</span>
      ${!isOfImage ? nothing : html`<span slot="subtitle">probe image ${IMAGE}</span>`}
      <cnn-segmented
        slot="controls"
        label="Operation"
        .options=${[
          { value: "convolution", label: "Convolution", disabled: pools },
          { value: "pooling", label: "Pooling" },
          {
            value: "activation",
            label: "Activation",
            disabled: pools ? `${isolated(layer.name)} is a pooling layer: it has no activation` : unmeasured,
          },
          {
            value: "loss",
            label: "Loss",
            disabled: hasKind(session.detailA, "predictions")
              ? undefined
              : "This run logged no predictions: train again with probe=(x, y)",
          },
          {
            value: "optimizer",
            label: "Optimizer",
            disabled: pools && `${isolated(layer.name)} is a pooling layer: it has no weights`,
          },
        ]}
        .value=${mode}
        @change=${(event: CustomEvent<Mode>) => this.#choose(event.detail, layer)}
      ></cnn-segmented>
      ${
        image === IMAGE
          ? nothing
          : html`<cnn-notice
            slot="legend"
            heading="Probe image ${IMAGE} is shown"
            text="It is the only one whose inputs and outputs are kept for the Lab; image ${image} is chosen for the other views."
          ></cnn-notice>`
      }
    `;
  }

  #choose(mode: Mode, from: LabBase["layer"]): void {
    const { path } = layerFor(mode, from, this.session.detailA);
    if (path !== from.path) this.session.set({ layer: path });
    this.setOptions({ mode, row: null, column: null });
  }

  #message(heading: string, text: string): unknown {
    const { layer } = this.session;
    return html`<cnn-view-layout .how=${LAB_VIEW.howToRead}>
      <span slot="title" title=${layer?.path ?? ""}>${layer?.name ?? nothing}</span>
      <cnn-message .heading=${heading} .text=${text}></cnn-message>
    </cnn-view-layout>`;
  }

  get #mode(): LabMode<never> | null {
    return this.renderRoot.querySelector<LabMode<never>>(".mode");
  }

  get state(): object | null {
    return this.#operation.loading || this.#input.loading ? null : (this.#mode?.state ?? null);
  }

  cellRect(part: string, row: number, column: number): Rect | null {
    return this.#mode?.cellRect(part, row, column) ?? null;
  }

  override handleKey(event: KeyboardEvent): boolean {
    return this.#mode?.handleKey?.(event) ?? false;
  }

  override async savePng(): Promise<Blob> {
    const mode = this.#mode;
    if (!mode) throw new Error("there is no picture yet");
    return mode.savePng();
  }

  override saveSvg(): string {
    const mode = this.#mode;
    if (!mode?.saveSvg) throw new Error("only Activation, Loss and Optimizer draw charts; cells are saved as PNG");
    return mode.saveSvg();
  }

  override async saveCsv(): Promise<string> {
    const mode = this.#mode;
    if (!mode) throw new Error("there are no numbers yet");
    return mode.saveCsv();
  }
}

customElements.define(LAB_VIEW.tag, LabView);
