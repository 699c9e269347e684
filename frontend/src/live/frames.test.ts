import { describe, expect, it } from "vitest";
import { FramePace } from "./frames";

function run(pace: FramePace, lastedMs: number, seconds: number, from: number): number {
  for (let at = 0; at < seconds * 10; at += 1) pace.frame(lastedMs, from + at * 100);
  return from + seconds * 1000;
}

describe("the display rate", () => {
  it("stays full while frames are quick, whatever the time between updates", () => {
    const pace = new FramePace();
    run(pace, 16, 60, 0);
    expect(pace.intervalMs).toBe(0);
  });
  it("steps down on a slow client, no further than 2 Hz, and comes back", () => {
    const pace = new FramePace();
    let at = run(pace, 40, 8, 0);
    expect(pace.intervalMs).toBe(200);
    at = run(pace, 40, 60, at);
    expect(pace.intervalMs).toBe(500);
    run(pace, 16, 60, at);
    expect(pace.intervalMs).toBe(0);
  });
});
