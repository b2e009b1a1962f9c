/** Apart from what they do: the address of the page is read before that is loaded. */
export const IDS = ["sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "lion"] as const;
export type OptimizerId = (typeof IDS)[number];
