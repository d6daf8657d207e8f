// What Grafana's types look like once they are JSON: an enum of texts is its text, and arrays may be read-only.
import type { Dashboard } from "@grafana/schema";

type Wire<T> = T extends string
  ? `${T}`
  : T extends readonly (infer U)[]
    ? readonly Wire<U>[]
    : T extends object
      ? { readonly [K in keyof T]: Wire<T[K]> }
      : T;

/** Compiles where the board fits the schema; generated files call it with the JSON of each dashboard. */
export function fits<const T extends Wire<Dashboard>>(board: T): T {
  return board;
}
