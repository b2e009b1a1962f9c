/** The chosen optimizer's settings, which can be written over, and its formula with the numbers of a step. */
import { html, nothing } from "lit";
import { formatNumber, formatSigned } from "../../../math/format.ts";
import { formulaOf } from "../../../math/optimizers.ts";
import { formatPlain } from "../../../math/plain_number.ts";
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
    input.value = String(Number(input.value));
  };
  const isByHand = Object.values(path.origins).includes("hand");
  const others = Array.from(parseByHand(hand)).filter(([key]) => !key.startsWith(`${id}.`));
  return html`<div class="settings" role="group" aria-label="Settings of ${path.optimizer.name}">
    ${fields.map(({ key, symbol, what, value }) => {
      const [least, most] = boundsOf(id, key)!;
      const from = path.origins[key]!;
      return html`<label title="${what}, ${ORIGINS[from]}"
        ><span><b>${symbol}</b> ${what}</span
        ><input type="number" step="any" min=${least} max=${most} data-key=${key} .value=${plainInput(value)}
          @keydown=${(event: KeyboardEvent) => event.stopPropagation()} @change=${(event: Event) => change(key, event)} /><span
          class=${from === "hand" ? "origin hand" : "origin"}>${ORIGINS[from]}</span></label>`;
    })}
    <button ?disabled=${!isByHand} title="Give up what was written by hand for ${path.optimizer.name}" @click=${() => set(formatByHand(new Map(others)))}>Reset</button>
  </div>`;
}

/** A rate of float32, 0.0020000000949949026, as it was meant. */
function plainInput(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "";
}

export function formulaTable(shown: OptimizerShown, here: number): unknown {
  const { chosen, recorded, exact, logged } = shown;
  const at = nearestPlace(recorded.steps, here);
  const [moment, before] = [chosen.course.moments[at], chosen.course.before[at]];
  const { name, what } = chosen.optimizer;
  const step = recorded.steps[at]!;
  const head = html`<h2><b>${name}</b> <span class="quiet">${what}</span></h2>`;
  if (!moment || !before) return html`${head}<p class="quiet">It is not computed as far as step ${step}.</p>`;
  const lines = formulaOf(chosen.optimizer, moment, before);
  const after = chosen.course.after[at]!;
  const end = chosen.optimizer.apply(moment, before).w;
  const isDecayed = lines[0]?.[0].startsWith("w ←");
  const next = isDecayed ? moment.w + (lines[0]![2] - moment.w) + lines.at(-1)![2] : end;
  const short = (value: number): string => formatNumber(value, { digits: 3 });
  return html`${head}
    <div class="formula" role="table" aria-label="Formula of ${name} at step ${step}" data-state=${JSON.stringify(after)}>
      <p class="given" role="row"><span role="cell">Step ${step}: g = ${formatSigned(moment.g, 3)}, w = ${formatSigned(moment.w)}, η = ${formatPlain(moment.rate)}${
        at >= exact ? html`, <em>estimated: not every gradient before this step was logged</em>` : nothing
      }</span></p>
      ${lines.map(
        ([symbols, numbers, result], i) => html`<p role="row" class=${i === lines.length - 1 ? "result" : ""}>
          <span role="cell">${symbols}</span><span role="cell" class="numbers">${numbers === "" ? "" : `= ${numbers}`}</span><span role="cell" class="value">= ${short(result)}</span></p>`,
      )}
      <p role="row"><span role="cell">w + Δw</span><span role="cell" class="numbers">= ${formatSigned(moment.w)} ${isDecayed ? "with decay " : ""}…</span><span role="cell" class="value">= ${formatSigned(next)}</span></p>
      ${
        chosen.isOwn
          ? html`<p role="row"><span role="cell">the run logged</span><span role="cell" class="numbers"></span><span role="cell" class="value">${formatSigned(Math.fround(logged[at]! + recorded.updates[at]!))}</span></p>`
          : nothing
      }
    </div>`;
}

/** How well the run's own optimizer, computed here, agrees with what was logged. */
export function agreementWords({ agreement, own, incomparable, paths, recorded }: OptimizerShown): string {
  const path = paths.find(({ isOwn }) => isOwn);
  if (!path) return "";
  if (!agreement) return incomparable;
  const { name } = path.optimizer;
  const { deviation, at, compared, differsFrom } = agreement;
  const off = formatNumber(deviation, { digits: 2 });
  if (differsFrom === null)
    return `${name}, this run’s own optimizer, agrees with the log on all ${compared} exact updates: largest deviation ${off}.`;
  return (
    `${name}, this run’s own optimizer, differs from the log from step ${recorded.steps[differsFrom] ?? differsFrom} on: deviation up to ${off} at step ${at}. ` +
    `The log does not tell of moving averages, constraints, weights left out of the decay, or an optimizer state that came from before${own.clips ? "" : ""}.`
  );
}
