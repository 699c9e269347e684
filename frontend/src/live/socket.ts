/** The one WebSocket: reconnects with back-off, resubscribes, asks for a snapshot after a gap, and notices silence. */
import type { Envelope } from "./messages";

export type LinkPhase = "connecting" | "open" | "lost";

export interface SocketPort {
  send(data: string): void;
  close(): void;
  onopen: (() => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onmessage: ((event: { data: string }) => void) | null;
}

export interface SocketHost {
  open(): SocketPort;
  now(): number;
  after(ms: number, run: () => void): () => void;
  random(): number;
}

export interface SocketEvents {
  envelope(envelope: Envelope): void;
  phase(phase: LinkPhase): void;
  refused(): void;
}

export const SILENCE_MS = 3500;
const BACKOFF_MS = [250, 500, 1000, 2000, 4000, 8000];
const RESYNC_EVERY_MS = 1000;
const UNAUTHORIZED = [4401, 4403];

export class LiveSocket {
  private port: SocketPort | null = null;
  private channels = new Map<string, number>();
  private attempts = 0;
  private isStopped = true;
  private cancelTimer: () => void = () => undefined;
  private isOpen = false;

  constructor(private host: SocketHost, private events: SocketEvents) {}

  start(): void {
    if (!this.isStopped) return;
    this.isStopped = false;
    this.connect();
  }

  stop(): void {
    this.isStopped = true;
    this.cancelTimer();
    this.drop();
  }

  /** Tries at once, e.g. when the tab wakes up or the browser reports the network back. */
  retryNow(): void {
    if (this.isStopped || this.isOpen) return;
    this.attempts = 0;
    this.cancelTimer();
    this.connect();
  }

  subscribe(channel: string): void {
    if (this.channels.has(channel)) return;
    this.channels.set(channel, -Infinity);
    this.tell("sub", channel);
  }

  unsubscribe(channel: string): void {
    if (this.channels.delete(channel)) this.tell("unsub", channel);
  }

  /** Asks for a fresh snapshot, at most once a second per channel. */
  resync(channel: string): void {
    const last = this.channels.get(channel);
    if (last === undefined || this.host.now() - last < RESYNC_EVERY_MS) return;
    this.channels.set(channel, this.host.now());
    this.tell("resync", channel);
  }

  private connect(): void {
    this.drop();
    this.events.phase("connecting");
    const port = this.host.open();
    this.port = port;
    port.onopen = () => {
      this.isOpen = true;
      this.attempts = 0;
      this.events.phase("open");
      for (const channel of this.channels.keys()) this.tell("sub", channel);
      this.watch();
    };
    port.onmessage = ({ data }) => {
      this.watch();
      this.receive(data);
    };
    port.onclose = ({ code }) => this.lost(code);
  }

  private receive(data: string): void {
    let envelope: Envelope;
    try {
      envelope = JSON.parse(data) as Envelope;
    } catch {
      for (const channel of this.channels.keys()) this.resync(channel);
      return;
    }
    if (envelope && typeof envelope.kind === "string") this.events.envelope(envelope);
  }

  private watch(): void {
    this.cancelTimer();
    this.cancelTimer = this.host.after(SILENCE_MS, () => this.lost(0));
  }

  private lost(code: number): void {
    this.cancelTimer();
    this.drop();
    if (this.isStopped) return;
    if (UNAUTHORIZED.includes(code)) {
      this.isStopped = true;
      this.events.phase("lost");
      this.events.refused();
      return;
    }
    this.events.phase("lost");
    const base = BACKOFF_MS[Math.min(this.attempts, BACKOFF_MS.length - 1)] ?? 8000;
    this.attempts += 1;
    this.cancelTimer = this.host.after(base * (0.75 + this.host.random() / 2), () => this.connect());
  }

  private drop(): void {
    const port = this.port;
    this.port = null;
    this.isOpen = false;
    if (!port) return;
    port.onopen = port.onclose = port.onmessage = null;
    port.close();
  }

  private tell(op: "sub" | "unsub" | "resync", channel: string): void {
    if (this.isOpen) this.port?.send(JSON.stringify({ op, ch: channel }));
  }
}
