/**
 * Runs the Lab's arithmetic over cases that tests/support/page_arithmetic.py wrote:
 * `node run_math.mjs <folder>` reads cases.json and values.bin (float32) and writes answers.json and answers.bin (float64).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { activationOf } from "../../src/math/activations.ts";
import { cellSum, convolve, filterOf } from "../../src/math/convolution.ts";
import { evaluate, lossNamed, outputsOf } from "../../src/math/losses.ts";
import { windowGrid } from "../../src/math/planes.ts";
import { pool, poolGradient } from "../../src/math/pooling.ts";
import { cellsNeverRead, globalAxis } from "../../src/math/window_geometry.ts";

const folder = process.argv[2];
const file = readFileSync(join(folder, "values.bin"));
const values = new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
const answers = [];

const arrayAt = ({ at, shape }) => values.subarray(at, at + shape.reduce((a, b) => a * b, 1));

function planesOf(entry) {
  const [channels, rows, columns] = entry.shape;
  return { channels, rows, columns, values: arrayAt(entry) };
}

function keep(array) {
  answers.push(array);
  return array.length;
}

const RUN = {
  convolution({ input, kernel, bias, filter, groups, setting, cell }) {
    const planes = planesOf(input);
    const one = filterOf({ shape: kernel.shape, values: arrayAt(kernel) }, bias && arrayAt(bias), filter, groups);
    const grid = windowGrid(planes.rows, planes.columns, setting);
    const map = convolve(planes, one, grid);
    const row = cell[0] % grid.rows.output;
    const column = cell[1] % grid.columns.output;
    const sum = cellSum(planes, one, grid, row, column);
    return {
      shape: [grid.rows.output, grid.columns.output],
      row,
      column,
      map: keep(map),
      products: keep(sum.products),
      window: keep(sum.window),
      sums: keep(sum.sums),
      total: keep([sum.total]),
    };
  },

  pooling({ input, pooling, setting }) {
    const plane = planesOf(input);
    const grid =
      setting === null
        ? { rows: globalAxis(plane.rows), columns: globalAxis(plane.columns) }
        : windowGrid(plane.rows, plane.columns, setting);
    const pooled = pool(pooling, plane, grid);
    return {
      shape: [grid.rows.output, grid.columns.output],
      never: [cellsNeverRead(grid.rows), cellsNeverRead(grid.columns)],
      map: keep(pooled.values),
      gradient: keep(poolGradient(pooling, plane, grid)),
      from: pooled.from && keep(pooled.from),
    };
  },

  activation({ input, name }) {
    const activation = activationOf(name);
    return activation
      ? { map: keep(Float64Array.from(arrayAt(input), activation)) }
      : { error: `no activation ${name}` };
  },

  loss({ z, y, name, head }) {
    const example = { z: Float64Array.from(arrayAt(z)), y: Float64Array.from(arrayAt(y)), classes: z.shape[1] };
    const { value, byOutput, byInput } = evaluate(lossNamed(name), example, head);
    return {
      value: keep([value]),
      p: keep(outputsOf(example, head)),
      byOutput: keep(byOutput),
      byInput: keep(byInput),
    };
  },
};

function answer(one) {
  try {
    return RUN[one.kind](one);
  } catch (error) {
    return { error: error.message };
  }
}

const { cases } = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8"));
writeFileSync(join(folder, "answers.json"), JSON.stringify(cases.map(answer)));
writeFileSync(
  join(folder, "answers.bin"),
  new Uint8Array(Float64Array.from(answers.flatMap((array) => Array.from(array))).buffer),
);
