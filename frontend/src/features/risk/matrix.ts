/** Pure shape of the limits matrix: kinds down, scopes across; and which way a change goes. */
import type { Threshold } from "@/api/types";
import { compare } from "@/format/decimal";

export const REQUIRED = ["order_lots_max", "position_lots_max", "naked_lots_max", "price_collar_rate"];
const ORDER = [
  ...REQUIRED, "naked_age_max_ms", "order_value_max", "day_executions_max", "message_rate_max", "margin_use_max", "slippage_rate_max",
  "latency_max_ms", "reject_rate_max", "fill_rate_min",
];
export const ALL = "all";

export interface Scope {
  key: string;
  level: "all" | "venue" | "instrument" | "pair";
}

export const scopeKey = (row: Threshold) => row.scope_instrument || row.scope_pair || row.scope_venue || ALL;
const level = (row: Threshold): Scope["level"] => (row.scope_instrument ? "instrument" : row.scope_pair ? "pair" : row.scope_venue ? "venue" : "all");
const LEVELS: Scope["level"][] = ["all", "venue", "instrument", "pair"];

export function scopes(rows: readonly Threshold[]): Scope[] {
  const found = new Map<string, Scope>();
  for (const row of rows) found.set(`${level(row)} ${scopeKey(row)}`, { key: scopeKey(row), level: level(row) });
  return [...found.values()].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || a.key.localeCompare(b.key));
}

export function kinds(rows: readonly Threshold[]): string[] {
  const present = new Set([...REQUIRED, ...rows.map((row) => row.kind)]);
  const rank = (kind: string) => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);
  return [...present].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

export const cell = (rows: readonly Threshold[], kind: string, scope: Scope) =>
  rows.find((row) => row.kind === kind && scopeKey(row) === scope.key && level(row) === scope.level);

/** A kind that no scope sets blocks every order. */
export const isUnset = (rows: readonly Threshold[], kind: string) => REQUIRED.includes(kind) && !rows.some((row) => row.kind === kind);

export type Way = "tighten" | "loosen" | "same" | "invalid";
const PLAIN = /^\d+(\.\d+)?$/;

/** Tighter when the limit or the warning line moves to the safe side and neither moves the other way. */
export function wayOf(kind: string, before: { hard: string; warn: string | null }, after: { hard: string; warn: string | null }): Way {
  if (!PLAIN.test(after.hard) || (after.warn !== null && !PLAIN.test(after.warn))) return "invalid";
  const safeSign = kind.endsWith("_min") ? 1 : -1;
  const hard = (compare(after.hard, before.hard) ?? 0) * safeSign;
  if (hard !== 0) return hard > 0 ? "tighten" : "loosen";
  if (before.warn === after.warn) return "same";
  if (after.warn === null) return "loosen";
  if (before.warn === null) return "tighten";
  const warn = (compare(after.warn, before.warn) ?? 0) * safeSign;
  return warn === 0 ? "same" : warn > 0 ? "tighten" : "loosen";
}

/** The warning line lies on the safe side of the limit. */
export function isWarnSafe(kind: string, hard: string, warn: string | null): boolean {
  if (warn === null) return true;
  const order = compare(warn, hard);
  return order === null || (kind.endsWith("_min") ? order >= 0 : order <= 0);
}
