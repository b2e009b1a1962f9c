import { formatCount, formatNumber, formatSigned } from "../../math/format.ts";
import { formatPlain } from "../../math/plain_number.ts";
import { formatPercent } from "../../math/percent.ts";
import type { Column } from "./compare_definition.ts";
import { keyOf, type Facts } from "./facts.ts";

/** What the heads of the table name. */
export interface Naming {
  /** "val loss". */
  readonly metric: string;
  /** "loss". */
  readonly plain: string;
  /** "step", "minutes". */
  readonly unit: string;
  readonly target: number | null;
}

export interface TableColumn {
  readonly id: Column;
  readonly head: string;
  readonly title: string;
  readonly text: boolean;
  readonly cell: (facts: Facts) => string;
}

/** The columns of which any row has something; run and the best value always. */
export function tableColumns(rows: readonly Facts[], naming: Naming): TableColumn[] {
  const { metric, plain, unit, target } = naming;
  const reached = target === null ? "" : formatPlain(target);
  const all: readonly (readonly [Column, string, string, (facts: Facts) => string])[] = [
    ["run", "run", "Name of the run", (facts) => facts.run],
    ["settings", "hyper-parameters", "Those that are not the same in all of these runs", (facts) => facts.settings],
    ["best", `best ${metric}`, "The best of the logged values", (facts) => value(facts.best?.y)],
    ["at", `at ${unit}`, "Where the best value stands", (facts) => place(facts.best?.x)],
    ["final", `final ${metric}`, "The last logged value", (facts) => value(facts.final?.y)],
    [
      "reach",
      `${unitWord(unit)} to ${reached}`,
      `The first logged value at ${reached} or better; nothing is interpolated`,
      (facts) => (facts.reach ? place(facts.reach.x) : facts.final ? "not reached" : ""),
    ],
    ["accuracy", "val accuracy", "The last validation accuracy", (facts) => value(facts.accuracy)],
    ["train", `train ${plain}`, `Mean over the last epoch's batches, as Keras logs it`, (facts) => value(facts.train)],
    [
      "gap",
      "gap",
      `Validation minus training ${plain}, at the end of the last epoch`,
      (facts) => (facts.gap === null ? "" : formatSigned(facts.gap, 3)),
    ],
    [
      "cost",
      "logging cost",
      "Share of the training's time that logging took",
      (facts) => (facts.cost === null ? "" : formatPercent(facts.cost)),
    ],
  ];
  const always = new Set<Column>(["run", "best", ...(target === null ? [] : ["reach" as const])]);
  return all
    .filter(([id]) => always.has(id) || rows.some((row) => (keyOf(row, id) ?? "") !== ""))
    .map(([id, head, title, cell]) => ({ id, head, title, cell, text: id === "run" || id === "settings" }));
}

function unitWord(unit: string): string {
  return unit.endsWith("s") ? unit : `${unit}s`;
}

function value(number: number | null | undefined): string {
  return number === null || number === undefined ? "" : formatNumber(number);
}

/** A place on the axis: whole ones as counts. */
export function place(x: number | null | undefined): string {
  if (x === null || x === undefined) return "";
  return Number.isInteger(x) ? formatCount(x) : formatPlain(x);
}
