import { baseOf, HttpApi } from "./data/api.ts";
import { Patience } from "./data/patience.ts";
import { App } from "./frame/app.ts";
import { connectHost } from "./host/tensorboard.ts";
import { followTheme } from "./host/theme.ts";
import { syncUrl } from "./host/url_sync.ts";
import { TOKENS } from "./parts/tokens.ts";
import { Loader } from "./state/loader.ts";
import { Player } from "./state/player.ts";
import { prefetchNeighbours } from "./state/prefetch.ts";
import { Session } from "./state/session.ts";
import { VIEWS } from "./views/registry.ts";

/** Puts the page into TensorBoard's frame. */
export function render(): void {
  const host = connectHost();
  const patience = new Patience();
  const session = new Session(new HttpApi(baseOf(import.meta.url), undefined, patience), VIEWS);
  patience.onChange = () => {
    session.wait = patience.wait;
    session.changed();
  };
  syncUrl(session, host);

  const tokens = new CSSStyleSheet();
  tokens.replaceSync(TOKENS);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, tokens];
  followTheme((dark) => {
    document.documentElement.classList.toggle("dark-mode", dark);
    session.dark = dark;
    session.changed();
  });

  const app = new App();
  app.session = session;
  app.host = host;
  app.loader = new Loader(session);
  app.player = new Player(session);
  document.documentElement.lang = "en";
  document.title ||= "CNN";
  document.body.append(app);

  host.onReload(() => void app.loader.poll());
  document.addEventListener("visibilitychange", () => void (document.hidden || app.loader.poll()));
  prefetchNeighbours(session);
  app.loader.start();
}
