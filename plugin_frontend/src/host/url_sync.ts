import type { Session } from "../state/session.ts";
import { formatHash, parseHash } from "../state/url_state.ts";
import type { Host } from "./tensorboard.ts";

/** Browsers refuse more than some 20 changes of the address a second, and a drag makes hundreds. */
const WRITE_MS = 250;

/** Keeps the address and the session's choices equal, both ways. A change of view adds to the browser's history. */
export function syncUrl(session: Session, host: Host): void {
  let written: ReadonlyMap<string, string> = parseHash(host.hash());
  let timer: ReturnType<typeof setTimeout> | undefined;
  session.replaceRaw(written);

  const write = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (session.raw === written) return;
    const push = session.raw.get("view") !== written.get("view");
    written = session.raw;
    host.write(written, push);
  };

  session.subscribe(() => {
    if (session.raw === written) return;
    if (session.raw.get("view") !== written.get("view")) write();
    else timer ??= setTimeout(write, WRITE_MS);
  });

  host.onHashChange(() => {
    const raw = parseHash(host.hash());
    if (timer !== undefined || formatHash("", raw) === formatHash("", written)) return;
    written = raw;
    session.replaceRaw(raw);
  });

  window.addEventListener("pagehide", write);
}
