/** PURE fold of the live stream: a snapshot, then numbered deltas. A gap keeps the last good rows and asks for a snapshot. */
import type { Envelope, LinkState, PairRow } from "./messages";

export interface Channel {
  seq: number;
  rows: ReadonlyMap<string, unknown>;
  synced: boolean;
  resyncs: number;
  receivedAt: number;
}

export type Outcome = "applied" | "gap" | "ignored";
export type KeyOf = (item: unknown) => string | null;

export const EMPTY_CHANNEL: Channel = { seq: 0, rows: new Map(), synced: false, resyncs: 0, receivedAt: 0 };

/** Folds one envelope. `receivedAt` is monotonic milliseconds; deltas replace rows by key, `removed: true` deletes one. */
export function reduce(channel: Channel, envelope: Envelope, keyOf: KeyOf, receivedAt: number): [Channel, Outcome] {
  const items = Array.isArray(envelope.items) ? envelope.items : [];
  if (envelope.kind === "snap") {
    const resyncs = channel.synced || channel.seq > 0 ? channel.resyncs + 1 : channel.resyncs;
    return [{ seq: envelope.seq, rows: fold(new Map(), items, keyOf), synced: true, resyncs, receivedAt }, "applied"];
  }
  if (envelope.kind !== "delta" || !channel.synced) return [channel, "ignored"];
  if (envelope.seq <= channel.seq) return [channel, "ignored"];
  if (envelope.seq !== channel.seq + 1) return [{ ...channel, synced: false }, "gap"];
  return [{ ...channel, seq: envelope.seq, rows: fold(new Map(channel.rows), items, keyOf), receivedAt }, "applied"];
}

function fold(rows: Map<string, unknown>, items: unknown[], keyOf: KeyOf): Map<string, unknown> {
  for (const item of items) {
    const key = keyOf(item);
    if (key == null) continue;
    if ((item as { removed?: boolean }).removed) rows.delete(key);
    else rows.set(key, item);
  }
  return rows;
}

/** A dropped connection: rows stay as the last thing seen, but nothing may pretend to be current. */
export function disconnect(channel: Channel): Channel {
  return { ...channel, seq: 0, synced: false };
}

const LIVE_FIELDS = ["state", "state_since", "reason", "ttl_left_s", "naked", "naked_since", "revision", "today"] as const;

/** With the display frozen, quotes stay as they were while state, naked legs and kill keep moving. */
export function freezeQuotes(frozen: ReadonlyMap<string, unknown>, current: ReadonlyMap<string, unknown>): Map<string, unknown> {
  const rows = new Map<string, unknown>();
  for (const [key, row] of current) {
    const before = frozen.get(key) as PairRow | undefined;
    if (!before) rows.set(key, row);
    else rows.set(key, { ...before, ...Object.fromEntries(LIVE_FIELDS.map((field) => [field, (row as PairRow)[field]])) });
  }
  return rows;
}

/** Reads the engine link state out of a heartbeat, whether it travels flat or as the single item. */
export function linkState(envelope: Envelope): LinkState {
  const inner = Array.isArray(envelope.items) ? envelope.items[0] : envelope.items;
  const source = { ...envelope, ...(typeof inner === "object" ? inner : {}) } as Record<string, unknown>;
  return {
    engine: source.engine === "up" ? "up" : "unknown",
    redis: source.redis === "up" ? "up" : "down",
    journal_lag_ms: typeof source.journal_lag_ms === "number" ? source.journal_lag_ms : null,
  };
}
