/** The chosen optimizer's settings, which can be written over, and its formula with the numbers of a step. */
import { html } from "lit";
import { formatNumber, formatSigned } from "../../../math/format.ts";
import { formulaOf } from "../../../math/optimizers.ts";
import { boundsOf, formatByHand, keyOf, parseByHand, RATE } from "./by_hand.ts";
import { nearestPlace, type OptimizerShown, type Origin, type Path } from "./optimizer_view_model.ts";

const ORIGINS: Readonly<Record<Origin, string>> = {
  hand: "by hand",
  run: "this run’s",
  usual: "usual value",
  Keras: "Keras’ default",
};

export function settingsOf(path: Path, step: number, hand: string, set: (hand: string) => void): unknown {
  const { id, settings } = path.optimizer;
  const own = settings.filter(({ key, isOption }) => !isOption || (path.settings[key] ?? 0) > 0);
  const fields = [
    { key: RATE, symbol: "η", what: "learning rate", value: path.rateAt(step) },
    ...own.map(({ key, symbol }) => ({ key, symbol, what: key.replaceAll("_", " "), value: path.settings[key]! })),
  ];
  const change = (key: string, event: Event): void => {
    const input = event.target as HTMLInputElement;
    const values = new Map(parseByHand(hand));
    if (input.value.trim() === "" || !input.checkValidity()) values.delete(keyOf(id, key));
    else values.set(keyOf(id, key), Number(input.value));
    set(formatByHand(values));
  };
  const isByHand = Object.values(path.origins).includes("hand");
  const others = Array.from(parseByHand(hand)).filter(([key]) => !key.startsWith(`${id}.`));
  return html`<div class="settings" role="group" aria-label="Settings of ${path.optimizer.name}">
    ${fields.map(({ key, symbol, what, value }) => {
      const [least, most] = boundsOf(id, key)!;
      const from = path.origins[key]!;
      return html`<label
        ><span title=${what}><b>${symbol}</b> ${key === RATE ? what : ""} <small class=${from === "hand" ? "hand" : ""}>${ORIGINS[from]}</small></span
        ><input type="number" step="any" min=${least} max=${most} data-key=${key} aria-label="${what}, ${ORIGINS[from]}" .value=${plainInput(value)}
          @keydown=${(event: KeyboardEvent) => event.stopPropagation()} @change=${(event: Event) => change(key, event)} /></label>`;
    })}
    <button ?disabled=${!isByHand} title="Give up what was written by hand for ${path.optimizer.name}" @click=${() => set(formatByHand(new Map(others)))}>Reset</button>
  </div>`;
}

/** A rate of float32, 0.0020000000949949026, as it was meant. */
function plainInput(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "";
}

export function formulaTable(shown: OptimizerShown, here: number): unknown {
  const { chosen, recorded, exact } = shown;
  const at = nearestPlace(recorded.steps, here);
  const [moment, before] = [chosen.course.moments[at], chosen.course.before[at]];
  const { name, what } = chosen.optimizer;
  const step = recorded.steps[at]!;
  const head = html`<h2><b>${name}</b> <span class="quiet">${what}</span></h2>`;
  if (!moment || !before) return html`${head}<p class="quiet">It is not computed as far as step ${step}.</p>`;
  const rows = formulaOf(chosen.optimizer, moment, before).map(([symbols, numbers, result]) => [
    symbols,
    numbers && `= ${numbers}`,
    `= ${formatNumber(result)}`,
  ]);
  if (chosen.isOwn)
    rows.push(["logged", "", `= ${formatNumber(Math.fround(recorded.values[at]! + recorded.updates[at]!))}`]);
  return html`${head}
    <p class="note">Step ${step}, update ${moment.t}: g = ${formatSigned(moment.g, 3)}, w = ${formatSigned(moment.w)}${
      at >= exact ? ", estimated, as not every gradient before was logged" : ""
    }</p>
    <div class="formula" role="table" aria-label="Formula of ${name} at step ${step}">
      ${rows.map((row) => html`<p role="row">${row.map((cell) => html`<span role="cell">${cell}</span>`)}</p>`)}
    </div>`;
}

/** How well the run's own optimizer, computed here, agrees with what was logged. */
export function agreementWords({ agreement, incomparable, paths, recorded }: OptimizerShown): string {
  const name = paths.find(({ isOwn }) => isOwn)?.optimizer.name;
  if (!agreement || !name) return incomparable;
  const { deviation, at, compared, differsFrom } = agreement;
  const off = formatNumber(deviation, { digits: 2 });
  return differsFrom === null
    ? `${name}, this run’s own optimizer, agrees with the log in all ${compared} exact updates: deviation at most ${off}.`
    : `${name}, this run’s own optimizer, differs from the log from step ${recorded.steps[differsFrom]!} on: deviation ${off} at step ${recorded.steps[at]!}. ` +
        "The log does not tell of moving averages, constraints, weights without decay, or what the optimizer remembered from before.";
}
