import { describe, expect, it } from "vitest";
import { age, clock, dateTime, duration, elapsed, LONDON, millis, nanos, SHANGHAI } from "./time";

const AT = "1768223051204318500"; // 2026-01-12 13:04:11.2043185 UTC

describe("instants", () => {
  it("show the venue's clock and the local one", () => {
    expect(clock(AT, LONDON, 3)).toBe("13:04:11.204");
    expect(dateTime(AT, SHANGHAI, 6)).toBe("2026-01-12 21:04:11.204318");
  });
  it("stay exact where a number would lose digits", () => {
    expect(nanos("1768223051204318501")! - nanos(AT)!).toBe(1n);
    expect(elapsed(AT, "1768223051204359500")).toBe(41_000n);
  });
  it("accept ISO instants and refuse nonsense", () => {
    expect(clock("2026-01-12T13:04:11.204318Z", LONDON, 6)).toBe("13:04:11.204318");
    expect([clock(null), clock("soon"), clock(0)]).toEqual(["--", "--", "--"]);
  });
});

describe("durations", () => {
  it("are in microseconds, milliseconds or seconds by size", () => {
    expect([duration(41_000), duration(186_269_000), duration(12_400_000_000)]).toEqual(["41 µs", "186.3 ms", "12.4 s"]);
    expect(millis(-212_004_000)).toBe("\u2212212.004");
  });
  it("age in seconds below a minute, then in minutes and hours", () => {
    expect([age(200), age(244_000), age(3_780_000), age(null)]).toEqual(["0.2 s", "4m04s", "1h03m", "--"]);
  });
});
