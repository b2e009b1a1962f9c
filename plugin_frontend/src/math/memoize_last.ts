/** A function that keeps its last answer, so that a scene stays the same object while nothing of it changed. */
export function memoizeLast<K extends readonly unknown[], V>(make: (...inputs: K) => V): (...inputs: K) => V {
  let last: { inputs: K; value: V } | null = null;
  return (...inputs) => {
    if (!last || !last.inputs.every((input, i) => Object.is(input, inputs[i])))
      last = { inputs, value: make(...inputs) };
    return last.value;
  };
}
