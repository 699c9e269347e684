import { describe, expect, it } from "vitest";
import type { VenueInfo } from "@/api/types";
import { mergeVenues, zoneOf } from "./venueState";

const venue = (...instruments: [string, string, boolean][]) =>
  ({ venue: "LME", instruments: instruments.map(([code, time_zone, is_pricing_only]) => ({ code, time_zone, is_pricing_only })) }) as unknown as VenueInfo;

describe("a venue's clock", () => {
  it("is that of what is traded there, not of a rate that only prices", () => {
    expect(zoneOf(venue(["FX.USDCNH", "Asia/Shanghai", true], ["LME.CA-3M", "Europe/London", false]))).toBe("Europe/London");
  });
  it("keeps what is declared when the live state comes", () => {
    const [merged] = mergeVenues([venue(["LME.CA-3M", "Europe/London", false])], [{ venues: [{ venue: "LME", state: "up" }] }]);
    expect([zoneOf(merged!), merged!.live]).toEqual(["Europe/London", { venue: "LME", state: "up" }]);
  });
});
