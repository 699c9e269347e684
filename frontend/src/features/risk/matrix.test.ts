import { describe, expect, it } from "vitest";
import type { Threshold } from "@/api/types";
import { cell, isUnset, isWarnSafe, kinds, scopes, wayOf } from "./matrix";

const row = (kind: string, scope: Partial<Threshold> = {}): Threshold => ({ kind, scope_venue: "", scope_instrument: "", scope_pair: "", hard: "10", warn: null, ...scope }) as Threshold;
const at = (hard: string, warn: string | null = null) => ({ hard, warn });

describe("the limits matrix", () => {
  const rows = [row("naked_lots_max", { scope_instrument: "SHFE.cu2703" }), row("message_rate_max", { scope_venue: "LME" }), row("naked_age_max_ms")];
  it("goes from the whole desk to venues, instruments and pairs", () => {
    expect(scopes(rows).map((scope) => scope.level)).toEqual(["all", "venue", "instrument"]);
    expect(cell(rows, "naked_lots_max", scopes(rows)[2]!)).toBe(rows[0]);
  });
  it("always shows the kinds without which nothing is sent, and says which are unset", () => {
    expect(kinds(rows).slice(0, 4)).toEqual(["order_lots_max", "position_lots_max", "naked_lots_max", "price_collar_rate"]);
    expect([isUnset(rows, "order_lots_max"), isUnset(rows, "naked_lots_max")]).toEqual([true, false]);
  });
});

describe("a change of a limit", () => {
  it("is tighter when a maximum falls and looser when it rises", () => {
    expect([wayOf("naked_lots_max", at("20"), at("19")), wayOf("naked_lots_max", at("20"), at("20.5")), wayOf("naked_lots_max", at("20"), at("20.0"))]).toEqual(["tighten", "loosen", "same"]);
  });
  it("runs the other way for a minimum", () => {
    expect([wayOf("fill_rate_min", at("0.8"), at("0.9")), wayOf("fill_rate_min", at("0.8"), at("0.7"))]).toEqual(["tighten", "loosen"]);
  });
  it("counts the warning line when the limit stays", () => {
    expect([wayOf("naked_lots_max", at("20", "10"), at("20", "8")), wayOf("naked_lots_max", at("20", "10"), at("20"))]).toEqual(["tighten", "loosen"]);
  });
  it("refuses what is not a plain decimal, and a warning beyond the limit", () => {
    expect([wayOf("naked_lots_max", at("20"), at("1e3")), wayOf("naked_lots_max", at("20"), at("-1"))]).toEqual(["invalid", "invalid"]);
    expect([isWarnSafe("naked_lots_max", "20", "21"), isWarnSafe("fill_rate_min", "0.8", "0.9")]).toEqual([false, true]);
  });
});
