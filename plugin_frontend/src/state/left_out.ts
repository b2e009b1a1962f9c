import type { Kind, Notice } from "../data/schema.ts";

/**
 * What the log's notices say of a layer's missing records: the message of the part that writes this kind, where it names the
 * layer, or where it names the first of many. Null where there is none.
 */
export function reasonLeftOut(notices: readonly Notice[], kind: Kind, path: string): string | null {
  const messages = notices.flatMap(({ reason }) => {
    const [, part, message] = /^([\w ]+): (.+)$/s.exec(reason) ?? [];
    return part?.replaceAll(" ", "_") === kind && message ? [message] : [];
  });
  return (
    messages.find((message) => namesOf(message).includes(path)) ??
    messages.find((message) => namesOf(message).includes("…")) ??
    null
  );
}

function namesOf(message: string): readonly string[] {
  return message.split(/[\s,;:()"'`]+/);
}
