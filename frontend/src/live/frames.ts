/** Lowers the display rate on a slow client: above 24 ms frame p95 for 3 s the board goes 10 -> 5 -> 2 Hz; back after 10 s. */
const STEPS_MS = [0, 200, 500];
const SLOW_MS = 24;
const WINDOW = 120;
const ENOUGH = 20;

export class FramePace {
  private frames: number[] = [];
  private step = 0;
  private since: number | null = null;

  /** Notes how long the frame lasted that carried an update (ms), at monotonic `now`. */
  frame(lastedMs: number, now: number): void {
    this.frames.push(lastedMs);
    if (this.frames.length > WINDOW) this.frames.shift();
    if (this.frames.length < ENOUGH) return;
    const isSlow = this.p95 > SLOW_MS;
    const wantsChange = isSlow ? this.step < STEPS_MS.length - 1 : this.step > 0;
    if (!wantsChange) this.since = null;
    else if (this.since == null) this.since = now;
    else if (now - this.since > (isSlow ? 3000 : 10_000)) {
      this.step += isSlow ? 1 : -1;
      this.since = null;
      this.frames = [];
    }
  }

  /** Least time between two updates of the screen. */
  get intervalMs(): number {
    return STEPS_MS[this.step] ?? 0;
  }

  get p95(): number {
    const sorted = [...this.frames].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  }
}
