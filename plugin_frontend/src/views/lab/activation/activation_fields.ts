import * as fields from "../../../state/fields.ts";

export const ACTIVATION_FIELDS = {
  /** What stands beside the layer's own function: all, or one of them. */
  beside: fields.choice("all", "relu", "leaky_relu", "gelu", "silu", "sigmoid", "tanh"),
  /** Slope of leaky_relu below zero; 0.2 is Keras' function, 0.3 its layer. */
  leak: fields.choice("0.2", "0.3", "0.1", "0.01"),
} as const;

export const FUNCTIONS = ["relu", "leaky_relu", "gelu", "silu", "sigmoid", "tanh"] as const;
