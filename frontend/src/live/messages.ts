/** Shapes that arrive over the live socket. Prices and quantities are decimal strings; null means not available. */
import type { Decimal } from "@/format/decimal";
import type { LegFacts } from "@/api/types";
import type { Nanos } from "@/format/time";

export type Quality = "live" | "quiet" | "stale" | "closed" | "invalid";
export type PriceLevel = [price: Decimal, lots: number];

export interface LegQuote {
  instrument: string;
  bid: Decimal | null;
  ask: Decimal | null;
  bid_lots: number | null;
  ask_lots: number | null;
  levels: { bids: PriceLevel[]; asks: PriceLevel[] } | null;
  age_ms: number | null;
  q: Quality;
}

export interface FxQuote {
  bid: Decimal | null;
  ask: Decimal | null;
  age_ms: number | null;
  q: Quality;
}

export interface DirectionFigures {
  spread: Decimal | null;
  ratio: Decimal | null;
  foreign_converted: Decimal | null;
  clips: number | null;
  limited_by: string | null;
}

export interface Gate {
  id: string;
  /** null: nothing here can tell. */
  pass: boolean | null;
  value: Decimal | string | number | boolean | null;
  threshold: Decimal | string | number | boolean | null;
  margin: Decimal | string | number | null;
  unit: string | null;
  as_of: Nanos | null;
}

export interface NakedLeg {
  leg: string | number;
  lots: number;
  quantity: string;
}

export interface ClipLeg {
  instrument: string;
  lots: number;
  quantity: string;
  unit?: string;
}

/** One program's line of the board with the quotes it looks at. `program` is empty for a pair without a program. */
export interface PairRow {
  pair: string;
  program: string | null;
  state: string;
  state_since: Nanos | null;
  reason: string | null;
  ttl_left_s: number | null;
  domestic: LegQuote | null;
  foreign: LegQuote | null;
  fx: FxQuote | null;
  unit: string | null;
  sell: DirectionFigures | null;
  buy: DirectionFigures | null;
  /** Name of the measure. Some publishers put its value here; read it through `measureOf`. */
  measure: string | null;
  comparator?: string | null;
  trigger_value: Decimal | null;
  distance: Decimal | null;
  clips_max: number | null;
  gates: Gate[] | null;
  would_fire: boolean | null;
  naked: NakedLeg[] | null;
  naked_since: Nanos | null;
  today: Record<string, string | number | null> | null;
  revision: number | null;
  direction: string | null;
  clip: { units: number; legs: ClipLeg[] } | null;
  /** False while the engine behind the row is silent: its figures are the last ones seen. */
  live?: boolean;
  desk?: string;
  project?: string;
  legs?: LegFacts[];
}

export interface AlertItem {
  seq: number;
  rule: string;
  severity: string;
  text_key: string;
  values: Record<string, string>;
  program: string | null;
  pair?: string | null;
  execution: string | null;
  project?: string;
  changed_seq?: number;
  raised_at_ns: Nanos;
  last_at_ns: Nanos;
  count: number;
  state: string;
  acked_by: string;
  acked_at_ns: Nanos | null;
  ack_note: string;
  resolved_at_ns: Nanos | null;
}

export interface LinkState {
  engine: "up" | "unknown";
  redis: "up" | "down";
  journal_lag_ms: number | null;
}

export type Kind = "snap" | "delta" | "heartbeat";

export interface Envelope {
  ch: string;
  seq: number;
  t_srv: number;
  kind: Kind;
  items?: unknown;
  [extra: string]: unknown;
}
