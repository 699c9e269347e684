import { describe, expect, it } from "vitest";
import { keyOf } from "./channels";
import type { Envelope } from "./messages";
import { disconnect, EMPTY_CHANNEL, freezeQuotes, linkState, reduce, type Channel } from "./reducer";

const board = keyOf("board");
const snap = (seq: number, ...items: unknown[]): Envelope => ({ ch: "board", seq, t_srv: 1, kind: "snap", items });
const delta = (seq: number, ...items: unknown[]): Envelope => ({ ch: "board", seq, t_srv: 1, kind: "delta", items });
const row = (program: string, state: string) => ({ pair: "CU", program, state });
const after = (...envelopes: Envelope[]): [Channel, string[]] => {
  let channel = EMPTY_CHANNEL;
  const outcomes = envelopes.map((envelope, at) => {
    const [next, outcome] = reduce(channel, envelope, board, at);
    channel = next;
    return outcome;
  });
  return [channel, outcomes];
};
const states = (channel: Channel) => [...channel.rows.values()].map((item) => (item as { state: string }).state);

describe("a channel", () => {
  it("is a snapshot followed by numbered deltas", () => {
    const [channel, outcomes] = after(snap(1, row("a", "DISARMED"), row("b", "DISARMED")), delta(2, row("a", "ARMED")));
    expect(outcomes).toEqual(["applied", "applied"]);
    expect(states(channel)).toEqual(["ARMED", "DISARMED"]);
  });
  it("ignores deltas before the first snapshot", () => {
    expect(after(delta(1, row("a", "ARMED")))[1]).toEqual(["ignored"]);
  });
  it("notices a gap, keeps the last good rows, and applies nothing until a new snapshot", () => {
    const [channel, outcomes] = after(snap(1, row("a", "DISARMED")), delta(3, row("a", "ARMED")), delta(4, row("a", "HALTED")));
    expect(outcomes).toEqual(["applied", "gap", "ignored"]);
    expect(states(channel)).toEqual(["DISARMED"]);
    const [fresh] = reduce(channel, snap(5, row("a", "HALTED")), board, 9);
    expect([states(fresh), fresh.synced, fresh.resyncs]).toEqual([["HALTED"], true, 1]);
  });
  it("does not apply a delta twice", () => {
    expect(after(snap(1, row("a", "x")), delta(2, row("a", "y")), delta(2, row("a", "z")))[1]).toEqual(["applied", "applied", "ignored"]);
  });
  it("removes a row that the server removed", () => {
    const [channel] = after(snap(1, row("a", "x"), row("b", "x")), delta(2, { ...row("a", "x"), removed: true }));
    expect([...channel.rows.keys()]).toEqual(["CU|b"]);
  });
  it("leaves the previous fold untouched", () => {
    const [before] = after(snap(1, row("a", "x")));
    reduce(before, delta(2, row("a", "y")), board, 1);
    expect(states(before)).toEqual(["x"]);
  });
  it("is no longer current after a disconnect, but still shows what was last seen", () => {
    const [channel] = after(snap(1, row("a", "ARMED")));
    const lost = disconnect(channel);
    expect([lost.synced, states(lost)]).toEqual([false, ["ARMED"]]);
    expect(reduce(lost, delta(2, row("a", "y")), board, 1)[1]).toBe("ignored");
  });
});

describe("a frozen display", () => {
  it("holds quotes but lets state and naked legs through", () => {
    const frozen = new Map([["k", { domestic: { bid: "1" }, state: "ARMED", naked: null }]]);
    const current = new Map([["k", { domestic: { bid: "2" }, state: "HALTED", naked: [{ lots: 5 }] }]]);
    expect(freezeQuotes(frozen, current).get("k")).toMatchObject({ domestic: { bid: "1" }, state: "HALTED", naked: [{ lots: 5 }] });
  });
});

describe("the engine link", () => {
  it("is read from a flat or a nested heartbeat and is unknown when it says nothing", () => {
    const base = { ch: "", seq: 0, t_srv: 1, kind: "heartbeat" } as const;
    expect(linkState({ ...base, engine: "up", redis: "up", journal_lag_ms: 3 })).toEqual({ engine: "up", redis: "up", journal_lag_ms: 3 });
    expect(linkState({ ...base, items: [{ engine: "up", redis: "down" }] })).toEqual({ engine: "up", redis: "down", journal_lag_ms: null });
    expect(linkState(base).engine).toBe("unknown");
  });
});
