/** The terms of a program as a form and as a list: which belong together, what kind each is, and when it counts. */
import { messageOr } from "@/i18n";

type Value = unknown;
export type TermKind = "decimal" | "whole" | "flag" | "choice" | "windows" | "text" | "fixed";

export interface TermField {
  name: string;
  kind: TermKind;
  choices?: readonly string[];
  words?: string; // catalogue group of the choices
  isOptional?: boolean;
  modes?: readonly string[]; // counts in these modes only
}

const LED = ["lead_first", "quote_and_lean"] as const;
const QUOTING = ["quote_and_lean"] as const;

export const GROUPS: readonly { name: string; fields: readonly TermField[] }[] = [
  { name: "trigger", fields: [
    { name: "direction", kind: "fixed" }, { name: "measure", kind: "fixed" }, { name: "comparator", kind: "fixed" }, { name: "trigger_value", kind: "decimal" }, { name: "dwell_ms", kind: "whole" },
  ] },
  { name: "working", fields: [
    { name: "mode", kind: "choice", choices: ["together", "lead_first", "quote_and_lean"], words: "mode" },
    { name: "lead", kind: "choice", choices: ["domestic", "foreign", "least_liquid", "most_liquid"], words: "lead", modes: LED },
    { name: "requote_ticks", kind: "whole", modes: QUOTING }, { name: "messages_per_minute_max", kind: "whole", modes: QUOTING }, { name: "quote_rest_ms", kind: "whole", modes: QUOTING },
    { name: "payup", kind: "decimal" }, { name: "collar_rate", kind: "decimal" }, { name: "priority", kind: "whole" }, { name: "routes", kind: "fixed" },
  ] },
  { name: "slicing", fields: [
    { name: "clip_units", kind: "whole" }, { name: "executions_max", kind: "whole" }, { name: "cooldown_ms", kind: "whole" }, { name: "units_per_day_max", kind: "whole" }, { name: "is_repeating", kind: "flag" },
    { name: "windows", kind: "windows" }, { name: "windows_time_zone", kind: "text" }, { name: "time_to_live_s", kind: "whole" },
  ] },
  { name: "repair", fields: [
    { name: "repair_preference", kind: "choice", choices: ["cheapest", "top_up_first", "unwind_first"], words: "preference" },
    { name: "repair_wait_ms", kind: "whole" }, { name: "repair_attempts_max", kind: "whole" }, { name: "repair_cost_max", kind: "decimal" }, { name: "naked_age_max_ms", kind: "whole" },
    { name: "naked_quantity_max", kind: "decimal", isOptional: true }, { name: "residual_max", kind: "decimal", isOptional: true }, { name: "queues_at_limit", kind: "flag" }, { name: "proxy", kind: "fixed" },
  ] },
];

export const counts = (field: TermField, mode: unknown) => !field.modes || field.modes.includes(String(mode));

/** The terms that count, group by group; what is not set is left out. */
export function termGroups(terms: Record<string, Value>): { name: string; terms: [string, Value][] }[] {
  const isEmpty = (value: Value) => value == null || value === "" || (Array.isArray(value) && value.length === 0);
  const isSet = (value: Value) => !isEmpty(value);
  const isIdle = (name: string) => name === "windows_time_zone" && isEmpty(terms.windows);
  return GROUPS.map((group) => ({
    name: group.name,
    terms: group.fields.filter((field) => counts(field, terms.mode) && isSet(terms[field.name]) && !isIdle(field.name)).map((field): [string, Value] => [field.name, terms[field.name]]),
  })).filter((group) => group.terms.length);
}

/** What the figures of these terms are counted in. */
export function termUnits(terms: Record<string, Value>, pair: { commonUnit: string; unit: string; currency: string; priceUnit: string; foreignPriceUnit: string }): Record<string, string> {
  const counter = terms.counter_leg === "foreign" ? pair.foreignPriceUnit : pair.priceUnit;
  return {
    trigger_value: terms.measure === "ratio" ? "" : terms.measure === "counter_price" ? counter : pair.commonUnit,
    payup: pair.priceUnit, repair_cost_max: pair.currency, naked_quantity_max: pair.unit, residual_max: pair.unit,
  };
}

interface ProxyTerm { instrument: string; replaces: string; lots: number; replaces_lots: number }

export function listText(name: string, list: readonly Value[]): string {
  if (name === "proxy") return (list as ProxyTerm[]).map((one) => messageOr("terms.proxyFor", "", { ...one })).join("; ");
  if (name === "windows") return windowsText(list);
  return list.join(", ");
}

export const windowsText = (list: Value): string => (Array.isArray(list) ? list.map((pair) => (pair as string[]).join("-")).join(", ") : "");

/** `21:00-01:00, 09:00-10:15` as pairs; null when it cannot be read. */
export function readWindows(text: string): string[][] | null {
  const parts = text.split(/[,，;；]/).map((part) => part.trim()).filter(Boolean);
  const pairs = parts.map((part) => /^(\d{2}:\d{2})\s*[-–~]\s*(\d{2}:\d{2})$/.exec(part)?.slice(1, 3));
  return pairs.every((pair) => pair) ? (pairs as string[][]) : null;
}

/** What a field of the form holds, from a term; and back. `undefined` says that the text cannot be read. */
export function toText(field: TermField, value: Value): string {
  if (field.kind === "windows") return windowsText(value);
  return value == null ? "" : String(value);
}

export function fromText(field: TermField, text: string): Value {
  const plain = text.trim();
  if (field.kind === "windows") return readWindows(plain) ?? undefined;
  if (field.kind === "flag") return plain === "true";
  if (plain === "") return field.isOptional ? null : undefined;
  if (field.kind === "whole") return /^\d{1,9}$/.test(plain) ? Number(plain) : undefined;
  if (field.kind === "decimal") return /^-?\d+(\.\d+)?$/.test(plain) ? plain : undefined;
  return plain;
}
