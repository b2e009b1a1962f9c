import type { DataArray, DataRecord, Values } from "../../src/data/binary.ts";
import type { VariableRecord } from "../../src/data/schema.ts";

export function array(values: Values, ...shape: number[]): DataArray {
  return { dtype: "float32", shape, values };
}

export function record(kind: string, layer: string | null, arrays: Record<string, DataArray>): DataRecord {
  return { kind, layer, step: 5, wallTime: 0, attributes: {}, arrays, bytes: 0 };
}

export function variable(layer: string | null, role: string, shape: number[]): VariableRecord {
  return {
    path: `${layer}/${role}`,
    layer,
    role,
    shape,
    dtype: "float32",
    size: shape.reduce((all, axis) => all * axis, 1),
    optimizers: [],
  };
}
