import { csvOf } from "../../../parts/csv.ts";
import type { LossShown } from "./loss_view_model.ts";

/** Two tables with an empty line between them: a row a class of the image, not only those drawn, and a row a loss. */
export function lossCsv(shown: LossShown, run: string): string {
  const { all, source, image, panels, focus, drawn } = shown;
  const here = [run, source.layer.path, source.step, image] as const;
  const head = ["run", "layer", "step", "probe_image"];
  return [
    csvOf([
      [
        ...head,
        "row",
        "numbers",
        "label",
        "logit",
        "logged_logit",
        "by_hand",
        "p",
        `error_of_${drawn.name}`,
        "logged_error",
      ],
      ...all.map((row) => [
        ...here,
        row.label,
        row.count,
        row.y,
        row.z,
        row.loggedZ,
        row.isMoved ? "yes" : "no",
        row.p,
        row.error,
        row.logged,
      ]),
    ]),
    csvOf([
      [
        ...head,
        "loss",
        "is",
        "moved_row",
        "value",
        "by_output",
        "by_pre_activation",
        "probe_mean",
        "probe_mean_by_output",
        "probe_mean_by_pre_activation",
      ],
      ...panels.map((panel) => [
        ...here,
        panel.loss.name,
        panel.isOwn ? "own" : "beside",
        focus.label,
        panel.value,
        panel.byOutput,
        panel.byInput,
        panel.mean,
        panel.meanByOutput,
        panel.meanByInput,
      ]),
    ]),
  ].join("\r\n");
}
