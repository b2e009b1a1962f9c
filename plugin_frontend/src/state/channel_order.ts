import type { RunDetail } from "../data/schema.ts";

/** What the three channels of a run's images are; red first where its log does not say so, or says what is not known here. */
export function channelOrderOf(detail: RunDetail | null): "rgb" | "bgr" {
  return detail?.model?.channel_order === "bgr" ? "bgr" : "rgb";
}
