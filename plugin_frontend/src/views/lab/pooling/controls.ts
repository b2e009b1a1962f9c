/** The choices in the head of pooling. */
import { html, nothing } from "lit";
import "../../../parts/select.ts";
import "../../../parts/stepper.ts";
import type { Lab, LabOptions } from "../lab_mode.ts";
import { ownSetting, pairInWords, settingOf } from "./setting.ts";
import { isByHand } from "./view_model.ts";
import type { Volume } from "../volume.ts";

const MOST = 9;

/** Settings changed by hand, given up again. */
export const OWN: Partial<LabOptions> = { window: null, stride: null, padding: "own" };

export function poolingControls(lab: Lab, volume: Volume, channel: number): unknown {
  const { layer, options } = lab;
  const setting = settingOf(layer, volume, options);
  const own = ownSetting(layer, volume);
  const set = (patch: Partial<LabOptions>): void => lab.set({ ...patch, row: null, column: null });
  const stepper = (name: "window" | "stride", pair: readonly [number, number]) => html`<cnn-stepper
    slot="controls"
    .label=${name}
    .value=${pair[1]}
    .text=${pairInWords(pair, volume.axes)}
    .min=${1}
    .max=${MOST}
    @change=${(event: CustomEvent<number>) => set({ [name]: event.detail })}
  ></cnn-stepper>`;
  return html`
    <cnn-select
      slot="controls"
      label="channel"
      .options=${Array.from({ length: volume.channels }, (_, i) => ({ value: String(i), label: String(i) }))}
      .value=${String(channel)}
      @change=${(event: CustomEvent<string>) => lab.choose(Number(event.detail))}
    ></cnn-select>
    ${stepper("window", setting.size)} ${stepper("stride", setting.stride)}
    <cnn-select
      slot="controls"
      label="padding"
      .options=${["valid", "same"].map((value) => ({ value, label: value }))}
      .value=${setting.padding}
      @change=${(event: CustomEvent<"valid" | "same">) => set({ padding: event.detail === own.padding ? "own" : event.detail })}
    ></cnn-select>
    ${
      isByHand(options)
        ? html`<button slot="controls" title="Window, stride and padding as they were" @click=${() => set(OWN)}>Reset</button>`
        : nothing
    }
  `;
}
