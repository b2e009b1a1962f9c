/**
 * TensorBoard's side of the frame: its messages and its URL. Everything is guarded, since the page may stand alone, or
 * in a parent of another origin.
 */
export interface Host {
  /** The hash that holds our entries. */
  hash(): string;
  /** Replace our entries; `push` adds a step to the browser's history. */
  write(entries: ReadonlyMap<string, string>, push: boolean): void;
  /** The address to send to a colleague, with these entries. */
  link(entries: ReadonlyMap<string, string>): string;
  onHashChange(listener: () => void): void;
  /** TensorBoard has read its logs again. */
  onReload(listener: () => void): void;
}

/** What TensorBoard puts on its window for plugins: the hash as a dictionary. */
interface TfStorage {
  setString(key: string, value: string, options: { defaultValue?: string; useLocationReplace?: boolean }): void;
}

import { formatHash, parseHash, PREFIX } from "../state/url_state.ts";

export function connectHost(): Host {
  const parent = reachableParent();
  const reload = listenToHost();
  const owner = parent ?? window;
  const storage = (parent as { tensorboard?: { tf_storage?: TfStorage } } | null)?.tensorboard?.tf_storage;
  return {
    hash: () => owner.location.hash,
    write: (entries, push) => {
      if (storage) writeStorage(storage, owner.location.hash, entries, push);
      else writeHash(owner, entries, push);
    },
    link: (entries) => {
      const { href, hash } = owner.location;
      return href.slice(0, href.length - hash.length).replace(/#$/, "") + formatHash(hash, entries);
    },
    onHashChange: (listener) => owner.addEventListener("hashchange", listener),
    onReload: (listener) => reload.add(listener),
  };
}

/** The parent window where it is of our origin, null where the page stands alone or may not look. */
export function reachableParent(): Window | null {
  try {
    if (window.parent === window) return null;
    void window.parent.document.body.classList;
    return window.parent;
  } catch {
    return null;
  }
}

function writeStorage(storage: TfStorage, hash: string, entries: ReadonlyMap<string, string>, push: boolean): void {
  const before = parseHash(hash);
  let replace = !push;
  const set = (key: string, value: string): void => {
    storage.setString(PREFIX + key, value, { defaultValue: "", useLocationReplace: replace });
    replace = true;
  };
  for (const [key, value] of entries) if (before.get(key) !== value) set(key, value);
  for (const key of before.keys()) if (!entries.has(key)) set(key, "");
}

function writeHash(owner: Window, entries: ReadonlyMap<string, string>, push: boolean): void {
  const hash = formatHash(owner.location.hash, entries);
  if (hash === owner.location.hash) return;
  if (push) owner.history.pushState(null, "", hash);
  else owner.history.replaceState(null, "", hash);
}

/** Speaks the host's JSON over a MessagePort: answers every message, and passes on that data was reloaded. */
function listenToHost(): Set<() => void> {
  const listeners = new Set<() => void>();
  if (window.parent === window) return listeners;
  const channel = new MessageChannel();
  channel.port1.addEventListener("message", (event) => {
    const message = parseMessage(event.data);
    if (!message || message.isReply === true) return;
    channel.port1.postMessage(
      JSON.stringify({ type: message.type, id: message.id, payload: null, error: null, isReply: true }),
    );
    if (message.type === "experimental.DataReloaded") for (const listener of listeners) listener();
  });
  channel.port1.start();
  window.parent.postMessage("experimental.bootstrap", "*", [channel.port2]);
  return listeners;
}

function parseMessage(data: unknown): { type?: unknown; id?: unknown; isReply?: unknown } | null {
  try {
    const message: unknown = typeof data === "string" ? JSON.parse(data) : null;
    return typeof message === "object" && message !== null ? message : null;
  } catch {
    return null;
  }
}
