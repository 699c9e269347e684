import { describe, expect, it } from "vitest";
import type { PositionLine } from "@/api/types";
import { brokenSide, correction, toldLots } from "./correction";

const line = (given: Partial<PositionLine>): PositionLine => ({
  venue: "SHFE", instrument: "SHFE.cu2703", hedge_flag: "arbitrage", prompt: "", long: { today: 0, yesterday: 0, frozen: 0 }, short: { today: 3, yesterday: 2, frozen: 0 },
  net: -5, venue_lots: { long: 0, short: 4 }, is_broken: true, is_current: true, ...given,
});

describe("a correction of the books", () => {
  it("starts on the side that differs", () => {
    expect(brokenSide(line({}))).toBe("sell");
    expect(brokenSide(line({ venue_lots: { long: 1, short: 5 } }))).toBe("buy");
  });

  it("compares with the net figure where the venue nets", () => {
    const netted = line({ hedge_flag: "", venue_lots: { long: 2, short: 6 } });
    expect(brokenSide(netted)).toBe("sell");
    expect(toldLots(netted, "sell")).toBe(4);
    expect(toldLots(netted, "buy")).toBe(0);
  });

  it("asks for whole lots of that book only", () => {
    expect(correction("demo", line({}), "sell", "2", "2")).toEqual({ desk: "demo", instrument: "SHFE.cu2703", side: "sell", today_lots: 2, yesterday_lots: 2, hedge_flag: "arbitrage", prompt: "" });
    expect(correction("demo", line({}), "sell", "-1", "2")).toBeNull();
    expect(correction("demo", line({}), "sell", "", "2")).toBeNull();
  });
});
