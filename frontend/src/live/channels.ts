/** How rows of each channel are told apart. */
import type { KeyOf } from "./reducer";

type Item = Record<string, unknown>;
const field = (...names: string[]): KeyOf => (item) => {
  const value = names.map((name) => (item as Item)[name]).find((found) => found != null && found !== "");
  return value == null ? null : String(value);
};
const pairRow: KeyOf = (item) => {
  const row = item as Item;
  return row.pair == null ? null : `${row.pair}|${row.program ?? ""}`;
};

const KEYS: Record<string, KeyOf> = {
  board: pairRow,
  pair: pairRow,
  exec: field("execution", "id"),
  alerts: field("seq"),
  programs: field("program", "name"),
  venues: field("venue", "name", "key"),
  me: field("command_id", "id"),
};

export function keyOf(channel: string): KeyOf {
  return KEYS[channel.split(".", 1)[0] ?? ""] ?? field("id");
}
