/** Pure layout of one execution: rows in fixed order, raw times, three axes, and the naked band. Nothing is ever corrected. */
import type { Step } from "@/api/types";
import { coordinate } from "@/format/decimal";
import { elapsed, type Nanos } from "@/format/time";

export type Axis = "linear" | "log" | "steps";
export const AXES: Axis[] = ["linear", "log", "steps"];

export interface Row {
  step: Step;
  startNs: number;
  endNs: number;
  isInstant: boolean;
  isWaiting: boolean;
}

export interface Group {
  key: string;
  kind: string;
  number: number;
  rows: Row[];
}

export interface BandPart {
  fromNs: number;
  toNs: number;
  lots: string;
}

const FIXED = ["market_data", "decide", "leg0", "leg1", "leg2"];

/** `top_up2` is the second repair and a top-up. */
export function groupKind(key: string): { kind: string; number: number } {
  const match = /^(top_up|unwind|proxy|hedge|flatten|leg)(\d+)$/.exec(key);
  return match ? { kind: match[1]!, number: Number(match[2]) } : { kind: key, number: 0 };
}

function rank(key: string): number {
  const fixed = FIXED.indexOf(key);
  if (fixed >= 0) return fixed;
  return key === "end" ? 1e6 : FIXED.length + groupKind(key).number;
}

export const sinceStart = (t0: Nanos, at: Nanos): number => Number(elapsed(t0, at) ?? 0n);

export function layout(steps: readonly Step[], t0: Nanos): Group[] {
  const groups = new Map<string, Group>();
  for (const step of steps) {
    const group = groups.get(step.group) ?? { key: step.group, ...groupKind(step.group), rows: [] };
    groups.set(step.group, group);
    const startNs = sinceStart(t0, step.at_ns);
    const lasts = step.duration_ns == null ? 0 : Number(step.duration_ns);
    const isWaiting = step.values.is_answered === "no";
    group.rows.push({ step, startNs, endNs: startNs + lasts, isInstant: step.duration_ns == null || lasts === 0, isWaiting });
  }
  for (const group of groups.values()) group.rows.sort((a, b) => a.startNs - b.startNs || cause(a.step) - cause(b.step));
  return [...groups.values()].sort((a, b) => rank(a.key) - rank(b.key));
}

/** Steps of one record share its time; the cause comes first. */
const CAUSES = ["step.quote", "step.trigger", "step.risk_checked", "step.hedge", "step.top_up", "step.unwind", "step.proxy", "step.order_sent", "step.fill", "step.order_closed", "step.ended"];
const cause = (step: Step) => (CAUSES.includes(step.label_key) ? CAUSES.indexOf(step.label_key) : CAUSES.length);

/** Nanoseconds from the trigger to the last thing that happened. */
export function total(groups: readonly Group[], band: readonly { at_ns: Nanos }[], t0: Nanos): number {
  const ends = groups.flatMap((group) => group.rows.map((row) => row.endNs));
  return Math.max(1, ...ends, ...band.map((part) => sinceStart(t0, part.at_ns)));
}

/** Maps nanoseconds since the trigger to 0..1. What lies before the trigger is at 0; the row says so. */
export function scale(axis: Axis, totalNs: number, moments: readonly number[]): (ns: number) => number {
  const clamp = (x: number) => Math.min(1, Math.max(0, x));
  if (axis === "linear") return (ns) => clamp(ns / totalNs);
  if (axis === "log") return (ns) => clamp(Math.log10(1 + Math.max(0, ns) / 1e3) / Math.log10(1 + totalNs / 1e3));
  const ordered = [...new Set([0, ...moments.filter((at) => at >= 0), totalNs])].sort((a, b) => a - b);
  return (ns) => {
    const next = ordered.findIndex((at) => at >= ns);
    if (next <= 0) return next === 0 ? 0 : 1;
    const before = ordered[next - 1]!;
    const share = (ns - before) / (ordered[next]! - before);
    return clamp((next - 1 + share) / (ordered.length - 1));
  };
}

export const moments = (groups: readonly Group[]): number[] => groups.flatMap((group) => group.rows.flatMap((row) => [row.startNs, row.endNs]));

/** Ticks of the axis, in nanoseconds. */
export function ticks(axis: Axis, totalNs: number): number[] {
  if (axis === "steps") return [];
  if (axis === "log") return [0, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11].filter((at) => at <= totalNs);
  const rough = totalNs / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * unit).find((size) => size >= rough) ?? rough;
  return Array.from({ length: Math.floor(totalNs / step) + 1 }, (_, at) => at * step);
}

/** The naked quantity as flat parts; the last one lasts to the end of the picture. */
export function bandParts(band: readonly { at_ns: Nanos; lots: string }[], t0: Nanos, totalNs: number): BandPart[] {
  return band.map((part, at) => {
    const next = band[at + 1];
    return { fromNs: sinceStart(t0, part.at_ns), toNs: next ? sinceStart(t0, next.at_ns) : totalNs, lots: part.lots };
  });
}
export const magnitude = (lots: string): number => Math.abs(coordinate(lots) ?? 0);

/** The longest wait after the trigger. */
export function longest(groups: readonly Group[]): Row | null {
  const rows = groups.filter((group) => group.key !== "market_data").flatMap((group) => group.rows);
  return rows.reduce<Row | null>((best, row) => (row.endNs - row.startNs > (best ? best.endNs - best.startNs : 0) ? row : best), null);
}

/** Orders that no venue has answered: an expected event is missing. */
export const unanswered = (groups: readonly Group[]): Row[] => groups.flatMap((group) => group.rows).filter((row) => row.isWaiting);
