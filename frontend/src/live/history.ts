/** Half an hour of executable figures per board row, two samples a second, for the chart. Numbers here are coordinates only. */
import { coordinate } from "@/format/decimal";
import type { PairRow } from "./messages";

export const SAMPLE_MS = 500;
export const SAMPLES_MAX = 3600;
export const SERIES = ["spread.sell", "spread.buy", "ratio.sell", "ratio.buy", "domestic", "foreign"] as const;
export type Series = (typeof SERIES)[number];

export interface History {
  at: number[];
  values: Record<Series, (number | null)[]>;
}

export const emptyHistory = (): History => ({
  at: [],
  values: Object.fromEntries(SERIES.map((name) => [name, []])) as unknown as History["values"],
});

/** Appends one sample (seconds UTC) unless the last is younger than SAMPLE_MS; drops the oldest beyond SAMPLES_MAX. */
export function sample(history: History, row: PairRow, atMs: number): void {
  const last = history.at.at(-1);
  if (last !== undefined && atMs - last * 1000 < SAMPLE_MS) return;
  history.at.push(atMs / 1000);
  const figures: Record<Series, string | null | undefined> = {
    "spread.sell": row.sell?.spread, "spread.buy": row.buy?.spread,
    "ratio.sell": row.sell?.ratio, "ratio.buy": row.buy?.ratio,
    domestic: row.direction === "buy_domestic" ? row.domestic?.ask : row.domestic?.bid,
    foreign: row.direction === "buy_domestic" ? row.foreign?.bid : row.foreign?.ask,
  };
  for (const name of SERIES) history.values[name].push(coordinate(figures[name]));
  if (history.at.length <= SAMPLES_MAX) return;
  history.at.shift();
  for (const name of SERIES) history.values[name].shift();
}
