/** Pure readings of board rows: grouping, freshness, which price a direction executes on, clips per depth level. */
import type { FxQuote, Gate, LegQuote, NakedLeg, PairRow, PriceLevel, Quality } from "@/live/messages";

export type Direction = "sell_domestic" | "buy_domestic";
export type Role = "domestic" | "foreign";
export const DIRECTIONS: Direction[] = ["sell_domestic", "buy_domestic"];

export interface BoardLine {
  direction: Direction;
  row: PairRow;
  program: string | null;
}

export interface BoardPair {
  pair: string;
  market: PairRow;
  lines: BoardLine[];
}

const isDirection = (value: unknown): value is Direction => DIRECTIONS.includes(value as Direction);

/** One entry per pair in the order given; one line per program, and one for each direction without a program. */
export function groupByPair(rows: Iterable<PairRow>): BoardPair[] {
  const pairs = new Map<string, PairRow[]>();
  for (const row of rows) pairs.set(row.pair, [...(pairs.get(row.pair) ?? []), row]);
  return [...pairs].map(([pair, members]) => {
    const market = members.find((row) => row.domestic || row.foreign) ?? (members[0] as PairRow);
    const lines = DIRECTIONS.flatMap((direction): BoardLine[] => {
      const programs = members.filter((row) => row.program && row.direction === direction);
      if (programs.length === 0) return [{ direction, row: market, program: null }];
      return programs.map((row) => ({ direction, row, program: row.program }));
    });
    const undirected = members.filter((row) => row.program && !isDirection(row.direction));
    return { pair, market, lines: [...lines, ...undirected.map((row) => ({ direction: DIRECTIONS[0]!, row, program: row.program }))] };
  });
}

export const figures = (row: PairRow, direction: Direction) => (direction === "sell_domestic" ? row.sell : row.buy);

/** The side a leg takes in a direction, and hence which price of it executes. */
export function sideOf(direction: Direction, role: Role): "buy" | "sell" {
  return (direction === "sell_domestic") === (role === "domestic") ? "sell" : "buy";
}

const LIMIT_GATE = { domestic: "G4", foreign: "G5", fx: "G6" } as const;

/** The age in ms beyond which a quote may not trigger; null when the server states none. */
export function ageLimit(row: PairRow, which: keyof typeof LIMIT_GATE): number | null {
  const gate = row.gates?.find((candidate) => candidate.id === LIMIT_GATE[which]);
  const limit = Number(gate?.threshold);
  return gate && Number.isFinite(limit) && limit > 0 ? (gate.unit === "s" ? limit * 1000 : limit) : null;
}

/** What to call a quote now: the server's word, unless the line to it is lost or its age has passed the limit meanwhile. */
export function quality(quote: LegQuote | FxQuote | null, ageMs: number | null, limitMs: number | null, isConnected: boolean): Quality {
  if (!quote) return "closed";
  if (quote.q === "closed" || quote.q === "invalid") return quote.q;
  if (!isConnected) return "stale";
  return quote.q !== "stale" && limitMs != null && ageMs != null && ageMs > limitMs ? "stale" : quote.q;
}

export const isTrusted = (q: Quality) => q === "live" || q === "quiet";
export const isUsable = (...qualities: Quality[]) => qualities.every(isTrusted);

/** Whole clips that the depth up to and including each level can fill; null when the lots of a clip are not known. */
export function clipsByLevel(levels: readonly PriceLevel[], lotsPerClip: number | null | undefined): (number | null)[] {
  let lots = 0;
  return levels.map(([, here]) => {
    lots += Number(here);
    return lotsPerClip ? Math.floor(lots / lotsPerClip) : null;
  });
}

export interface NakedEntry extends NakedLeg {
  program: string;
  pair: string;
  since: PairRow["naked_since"];
}

export function nakedLegs(rows: Iterable<PairRow>): NakedEntry[] {
  const found: NakedEntry[] = [];
  for (const row of rows)
    for (const leg of row.naked ?? [])
      if (leg.lots !== 0) found.push({ ...leg, program: row.program ?? "", pair: row.pair, since: row.naked_since });
  return found;
}

export const stateOf = (row: Pick<PairRow, "state">): string => (row.state || "UNKNOWN").toUpperCase();
const RUNNING = ["ARMING", "ARMED", "EXECUTING", "REPAIRING", "COOLDOWN", "SUSPENDED"];
export const isRunning = (row: PairRow) => RUNNING.includes(stateOf(row));

const RATES = ["rate", "price_collar_rate", "margin_use_max", "slippage_rate_max", "reject_rate_max", "fill_rate_min"];
/** How a gate's figures are written: rates as percent, the trigger in its measure's decimals, the rest as they come. */
export function gateDecimals(gate: Pick<Gate, "id" | "unit">, measure: string, spreadPlaces = 1): { places: number | null; isPercent: boolean } {
  if (gate.unit && RATES.includes(gate.unit)) return { places: 2, isPercent: true };
  if (gate.id === "G1") return { places: measure === "ratio" ? 4 : spreadPlaces, isPercent: false };
  return { places: null, isPercent: false };
}

const rank = (gate: Gate) => (gate.pass === false ? 0 : gate.pass == null ? 1 : 2);
/** Gates in the order a person needs them: the failing ones first, each group as the engine numbers them. */
export const orderedGates = (row: PairRow) => [...(row.gates ?? [])].sort((a, b) => rank(a) - rank(b));
export const firstFailing = (row: PairRow) => row.gates?.find((gate) => gate.pass === false) ?? null;
