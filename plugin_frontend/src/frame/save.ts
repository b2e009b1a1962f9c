import type { Session } from "../state/session.ts";

/** "adam conv1 step 600 filters.png", with nothing in it that a file system minds. */
export function fileName(session: Session, ending: string): string {
  const parts = [
    session.runA,
    session.layer?.name,
    session.step === null ? null : `step ${session.step}`,
    session.view?.id,
  ];
  const safe = parts
    .filter((part): part is string => typeof part === "string" && part !== "")
    // oxlint-disable-next-line no-control-regex -- control characters are what has to go
    .map((part) => part.replaceAll(/[\u0000-\u001f\u007f"*/:<>?\\|\u2028-\u202e\u2066-\u2069]+/g, "_").slice(0, 60));
  return `${safe.join(" ").replace(/^\.+/, "") || "cnnviz"}.${ending}`;
}

export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Puts text on the clipboard; false where the browser allows it in no way. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** The way for pages without https, where there is no clipboard API. */
function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.setAttribute("style", "position:fixed;opacity:0");
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
