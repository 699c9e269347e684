import { describe, expect, it } from "vitest";
import type { Step } from "@/api/types";
import { bandParts, groupKind, layout, longest, moments, scale, ticks, total, unanswered } from "./waterfall";

const T0 = "1768223051204318500";
const at = (ns: number) => String(BigInt(T0) + BigInt(ns));
const step = (group: string, startNs: number, lastsNs: number | null = null, values: Record<string, string> = {}): Step => ({
  key: `${group}${startNs}`, seq: 1, group, label_key: "step.order_sent", values, at_ns: at(startNs), duration_ns: lastsNs, clock: "E", leg: null,
});
const STEPS = [
  step("end", 376_200_000), step("top_up1", 188_200_000, 186_410_000), step("leg1", 131_000, 186_269_000), step("leg0", 118_000, 3_724_000),
  step("decide", 0), step("market_data", -212_004_000, 212_004_000),
];

describe("the waterfall", () => {
  it("keeps the order market data, decision, legs, repairs, end", () => {
    expect(layout(STEPS, T0).map((group) => group.key)).toEqual(["market_data", "decide", "leg0", "leg1", "top_up1", "end"]);
    expect(groupKind("unwind12")).toEqual({ kind: "unwind", number: 12 });
  });
  it("draws raw times to the nanosecond, also before the trigger", () => {
    const [market, , first] = layout(STEPS, T0);
    expect([market!.rows[0]!.startNs, first!.rows[0]!.startNs, first!.rows[0]!.endNs]).toEqual([-212_004_000, 118_000, 3_842_000]);
  });
  it("names the longest segment after the trigger", () => {
    expect(longest(layout(STEPS, T0))!.step.group).toBe("top_up1");
  });
  it("says which order nobody answered", () => {
    expect(unanswered(layout([step("leg1", 0, null, { is_answered: "no" })], T0))).toHaveLength(1);
  });
});

describe("the axis", () => {
  const groups = layout(STEPS, T0);
  const end = total(groups, [], T0);
  it("ends at the last event", () => expect(end).toBe(376_200_000));
  it("hides local work on the linear scale and shows it on the others", () => {
    const place = (axis: "linear" | "log" | "steps") => scale(axis, end, moments(groups))(131_000);
    expect(place("linear")).toBeLessThan(0.001);
    expect(place("log")).toBeGreaterThan(0.3);
    expect(place("steps")).toBeGreaterThan(0.2);
  });
  it("is monotonic and stays inside the picture", () => {
    for (const axis of ["linear", "log", "steps"] as const) {
      const map = scale(axis, end, moments(groups));
      const places = [-5, 0, 118_000, 4_000_000, 376_200_000, 400_000_000].map(map);
      expect([...places].sort((a, b) => a - b)).toEqual(places);
      expect([places[0], places.at(-1)]).toEqual([0, 1]);
    }
  });
  it("has round ticks", () => expect(ticks("linear", 376_200_000)).toEqual([0, 1e8, 2e8, 3e8]));
});

describe("the naked band", () => {
  it("is flat between fills and lasts to the end", () => {
    const band = [{ at_ns: T0, lots: "0" }, { at_ns: at(5_902_000), lots: "-9" }, { at_ns: at(6_115_000), lots: "-15" }];
    expect(bandParts(band, T0, 10_000_000)).toEqual([
      { fromNs: 0, toNs: 5_902_000, lots: "0" }, { fromNs: 5_902_000, toNs: 6_115_000, lots: "-9" }, { fromNs: 6_115_000, toNs: 10_000_000, lots: "-15" },
    ]);
  });
});
