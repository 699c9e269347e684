/** Lowers the display rate on a slow client: above 24 ms frame p95 for 3 s the board goes 10 -> 5 -> 2 Hz; back after 10 s. */
const STEPS_MS = [0, 200, 500];
const SLOW_MS = 24;

export class FramePace {
  private frames: number[] = [];
  private step = 0;
  private since: number | null = null;
  private last: number | null = null;

  /** Records a frame at `now` (ms); returns the least interval between two flushes. */
  frame(now: number): number {
    if (this.last != null && now - this.last < 1000) this.frames.push(now - this.last);
    this.last = now;
    if (this.frames.length > 120) this.frames.shift();
    if (this.frames.length < 60) return this.interval;
    const slow = this.p95 > SLOW_MS;
    const wantsChange = slow ? this.step < STEPS_MS.length - 1 : this.step > 0;
    if (!wantsChange) this.since = null;
    else if (this.since == null) this.since = now;
    else if (now - this.since > (slow ? 3000 : 10_000)) {
      this.step += slow ? 1 : -1;
      this.since = null;
      this.frames = [];
    }
    return this.interval;
  }

  get interval(): number {
    return STEPS_MS[this.step] ?? 0;
  }

  get p95(): number {
    const sorted = [...this.frames].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  }
}
