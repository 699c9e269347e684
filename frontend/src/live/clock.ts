/** Server time from the stream: the largest offset seen lately belongs to the message that waited least. */
const WINDOW = 64;

export class ServerClock {
  private offsets: number[] = [];

  /** `serverNs` as stamped by the server, `monotonicMs` when it arrived. */
  observe(serverNs: number, monotonicMs: number): void {
    this.offsets.push(serverNs / 1e6 - monotonicMs);
    if (this.offsets.length > WINDOW) this.offsets.shift();
  }

  get isSet(): boolean {
    return this.offsets.length > 0;
  }

  /** Milliseconds UTC by the server's clock at the monotonic instant; the browser's own clock until the first message. */
  at(monotonicMs: number): number {
    return this.isSet ? Math.max(...this.offsets) + monotonicMs : Date.now();
  }
}
