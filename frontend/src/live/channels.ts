/** How rows of each channel are told apart. */
import type { KeyOf } from "./reducer";

type Item = Record<string, unknown>;
const field = (...names: string[]): KeyOf => (item) => {
  const value = names.map((name) => (item as Item)[name]).find((found) => found != null && found !== "");
  return value == null ? null : String(value);
};
const pairRow: KeyOf = (item) => {
  const row = item as Item;
  // A pair channel carries ladder items beside the rows; they hold depth only.
  if (row.ladder != null) return `ladder ${String(row.ladder)} ${String(row.instrument ?? row.leg ?? "")}`;
  return row.pair == null ? null : `${row.pair}|${row.program ?? ""}`;
};

const KEYS: Record<string, KeyOf> = {
  board: pairRow,
  pair: pairRow,
  exec: field("id", "execution"),
  alerts: field("seq"),
  programs: field("program", "name"),
  venues: field("key", "venue", "name"),
  me: field("command_id", "id"),
};

export function keyOf(channel: string): KeyOf {
  return KEYS[channel.split(".", 1)[0] ?? ""] ?? field("id");
}
