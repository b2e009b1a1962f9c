import { html } from "lit";
import type { Rect } from "../../../gl/grid_layout.ts";
import "../../../parts/view_layout.ts";
import { LabMode } from "../lab_mode.ts";

export class PoolingMode extends LabMode {
  override render(): unknown {
    return html`<cnn-view-layout>${this.shell}</cnn-view-layout>`;
  }

  override get state(): object | null {
    return null;
  }

  override cellRect(_part: string, _row: number, _column: number): Rect | null {
    return null;
  }

  override async savePng(): Promise<Blob> {
    throw new Error("there is no picture yet");
  }

  override saveCsv(): string {
    return "";
  }
}

customElements.define("cnn-lab-pooling", PoolingMode);
