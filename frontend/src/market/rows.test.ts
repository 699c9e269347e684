import { describe, expect, it } from "vitest";
import type { PairRow } from "@/live/messages";
import { ageLimit, clipsByLevel, gateDecimals, groupByPair, nakedLegs, quality, sideOf } from "./rows";

const row = (extra: Partial<PairRow>): PairRow => ({ pair: "CU", program: null, state: "DISARMED", ...extra }) as PairRow;
const quote = { instrument: "x", bid: "1", ask: "2", bid_lots: 1, ask_lots: 1, levels: null, age_ms: 100, q: "live" } as const;

describe("the board", () => {
  it("shows a pair once, with a line for each direction even where no program exists", () => {
    const [pair] = groupByPair([row({ program: "CU-SELL", direction: "sell_domestic" })]);
    expect(pair!.lines.map((line) => [line.direction, line.program])).toEqual([["sell_domestic", "CU-SELL"], ["buy_domestic", null]]);
  });
  it("keeps two programs of one direction apart", () => {
    const rows = ["A", "B"].map((program) => row({ program, direction: "buy_domestic" }));
    expect(groupByPair(rows)[0]!.lines.map((line) => line.program)).toEqual([null, "A", "B"]);
  });
  it("knows which side each leg takes", () => {
    expect([sideOf("sell_domestic", "domestic"), sideOf("sell_domestic", "foreign"), sideOf("buy_domestic", "domestic")]).toEqual(["sell", "buy", "buy"]);
  });
});

describe("a quote", () => {
  it("turns stale on screen once its age passes the engine's own limit, before the server says so", () => {
    const gates = [{ id: "G5", pass: true, value: 10, threshold: 2000, margin: 1990, unit: "ms", as_of: null }];
    const limit = ageLimit(row({ gates }), "foreign");
    expect([limit, quality(quote, 1999, limit, true), quality(quote, 2001, limit, true)]).toEqual([2000, "live", "stale"]);
  });
  it("is not trusted over a lost line, and closed stays closed", () => {
    expect([quality(quote, 0, null, false), quality({ ...quote, q: "closed" }, 0, null, false)]).toEqual(["stale", "closed"]);
  });
});

describe("quantities", () => {
  it("fill whole clips from the depth walked so far", () => {
    expect(clipsByLevel([["10", 4], ["11", 3], ["12", 8]], 5)).toEqual([0, 1, 3]);
  });
  it("list only legs that are really naked", () => {
    const rows = [row({ program: "P", naked: [{ leg: 0, lots: 0, quantity: "0 t" }, { leg: 1, lots: -1, quantity: "25 t" }] })];
    expect(nakedLegs(rows).map((leg) => [leg.program, leg.lots])).toEqual([["P", -1]]);
  });
});

describe("a gate's figures", () => {
  it("have the decimals of the measure, and rates are percent", () => {
    expect(gateDecimals({ id: "G1", unit: "CNY/t incl VAT" }, "spread")).toEqual({ places: 1, isPercent: false });
    expect(gateDecimals({ id: "G1", unit: "ratio" }, "ratio")).toEqual({ places: 4, isPercent: false });
    expect(gateDecimals({ id: "G10", unit: "price_collar_rate" }, "spread")).toEqual({ places: 2, isPercent: true });
    expect(gateDecimals({ id: "G4", unit: "ms" }, "spread")).toEqual({ places: null, isPercent: false });
  });
});
