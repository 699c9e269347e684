/** The live store: envelopes fold into plain buffers, and one flush per animation frame makes them visible. */
import { onScopeDispose, shallowReactive, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from "vue";
import { keyOf } from "./channels";
import { ServerClock } from "./clock";
import { FramePace } from "./frames";
import { emptyHistory, sample, type History } from "./history";
import type { Envelope, LinkState, PairRow } from "./messages";
import { disconnect, EMPTY_CHANNEL, freezeQuotes, linkState, reduce, type Channel } from "./reducer";
import { LiveSocket, type LinkPhase, type SocketHost } from "./socket";

export interface Link {
  phase: LinkPhase;
  phaseSince: number;
  engine: LinkState["engine"];
  engineSince: number;
  redis: LinkState["redis"];
  journalLagMs: number | null;
  heartbeatAt: number;
  lastGoodAt: number;
  displayMs: number;
  resyncs: number;
}

type Rows = ReadonlyMap<string, unknown>;
interface Held {
  state: Channel;
  rows: ShallowRef<Rows>;
  loaded: ShallowRef<boolean>;
  users: number;
  isDirty: boolean;
}
export type Listener = (items: unknown[], kind: Envelope["kind"]) => void;

const QUOTES = (channel: string) => channel === "board" || channel.startsWith("pair.");

export class LiveStore {
  readonly link = shallowReactive<Link>({
    phase: "connecting", phaseSince: 0, engine: "unknown", engineSince: 0, redis: "down", journalLagMs: null,
    heartbeatAt: 0, lastGoodAt: 0, displayMs: 0, resyncs: 0,
  });
  /** Monotonic milliseconds, refreshed four times a second; ages are computed from it. */
  readonly now = shallowRef(performance.now());
  readonly frozenSince = shallowRef<number | null>(null);
  readonly clock = new ServerClock();
  readonly histories = new Map<string, History>();
  onUnauthorized: () => void = () => undefined;

  private channels = new Map<string, Held>();
  private listeners = new Map<string, Set<Listener>>();
  private pace = new FramePace();
  private flushedAt = 0;
  private isScheduled = false;
  private ticker: ReturnType<typeof setInterval> | null = null;
  private socket: LiveSocket;

  constructor(host: SocketHost = browserHost()) {
    this.socket = new LiveSocket(host, {
      envelope: (envelope) => this.receive(envelope),
      phase: (phase) => this.setPhase(phase),
      refused: () => this.onUnauthorized(),
    });
  }

  start(): void {
    this.socket.start();
    this.ticker ??= setInterval(() => (this.now.value = performance.now()), 250);
    addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
  }

  stop(): void {
    this.socket.stop();
    if (this.ticker) clearInterval(this.ticker);
    this.ticker = null;
    removeEventListener("online", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    for (const held of this.channels.values()) {
      held.state = EMPTY_CHANNEL;
      held.rows.value = new Map();
      held.loaded.value = false;
    }
    this.histories.clear();
  }

  /** Server time in milliseconds UTC. Reading it follows the ticker. */
  serverNow(): number {
    return this.clock.at(this.now.value);
  }

  toggleFreeze(): void {
    this.frozenSince.value = this.frozenSince.value == null ? this.clock.at(performance.now()) : null;
    for (const held of this.channels.values()) held.isDirty = true;
    this.schedule();
  }

  /** Subscribes while the caller lives. */
  hold(channel: string): Held {
    let held = this.channels.get(channel);
    if (!held) {
      held = { state: EMPTY_CHANNEL, rows: shallowRef(new Map()), loaded: shallowRef(false), users: 0, isDirty: false };
      this.channels.set(channel, held);
    }
    if (held.users++ === 0) this.socket.subscribe(channel);
    return held;
  }

  release(channel: string): void {
    const held = this.channels.get(channel);
    if (!held || --held.users > 0) return;
    this.socket.unsubscribe(channel);
    this.channels.delete(channel);
  }

  listen(channel: string, listener: Listener): () => void {
    const set = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, set.add(listener));
    return () => set.delete(listener);
  }

  /** Age in ms now of something that was `ageMs` old when its channel was last received. */
  ageNow(channel: string, ageMs: number | null | undefined): number | null {
    const held = this.channels.get(channel);
    if (ageMs == null || !held) return null;
    return ageMs + Math.max(0, this.now.value - held.state.receivedAt);
  }

  private receive(envelope: Envelope): void {
    const now = performance.now();
    if (typeof envelope.t_srv === "number") this.clock.observe(envelope.t_srv, now);
    this.link.lastGoodAt = now;
    if (envelope.kind === "heartbeat") return this.heartbeat(envelope, now);
    const held = this.channels.get(envelope.ch);
    if (!held) return;
    const [state, outcome] = reduce(held.state, envelope, keyOf(envelope.ch), now);
    held.state = state;
    if (outcome === "gap") {
      this.link.resyncs += 1;
      this.socket.resync(envelope.ch);
    }
    if (outcome !== "applied") return;
    if (envelope.ch === "board") this.remember(envelope, now);
    const items = Array.isArray(envelope.items) ? envelope.items : [];
    for (const listener of this.listeners.get(envelope.ch) ?? []) listener(items, envelope.kind);
    held.isDirty = true;
    this.schedule();
  }

  private remember(envelope: Envelope, now: number): void {
    const at = this.clock.at(now);
    for (const item of Array.isArray(envelope.items) ? envelope.items : []) {
      const key = keyOf("board")(item);
      if (key == null) continue;
      const history = this.histories.get(key) ?? emptyHistory();
      this.histories.set(key, history);
      sample(history, item as PairRow, at);
    }
  }

  private heartbeat(envelope: Envelope, now: number): void {
    const state = linkState(envelope);
    if (state.engine !== this.link.engine) this.link.engineSince = this.clock.at(now);
    Object.assign(this.link, { engine: state.engine, redis: state.redis, journalLagMs: state.journal_lag_ms, heartbeatAt: now });
  }

  private setPhase(phase: LinkPhase): void {
    if (phase === this.link.phase) return;
    const wasLost = this.link.phase === "lost" || this.link.phase === "connecting";
    if (!(wasLost && phase !== "open")) this.link.phaseSince = this.clock.at(performance.now());
    this.link.phase = phase;
    if (phase === "open") return;
    for (const held of this.channels.values()) held.state = disconnect(held.state);
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    requestAnimationFrame((now) => this.flush(now));
  }

  private flush(now: number): void {
    this.isScheduled = false;
    this.link.displayMs = this.pace.intervalMs;
    if (now - this.flushedAt < this.pace.intervalMs) return this.schedule();
    this.flushedAt = now;
    requestAnimationFrame((after) => this.pace.frame(after - now, after));
    for (const [name, held] of this.channels) {
      if (!held.isDirty) continue;
      held.isDirty = false;
      const isFrozen = this.frozenSince.value != null && QUOTES(name);
      held.rows.value = isFrozen ? freezeQuotes(held.rows.value, held.state.rows) : held.state.rows;
      held.loaded.value = true;
    }
  }

  private wake = (): void => {
    if (document.visibilityState !== "hidden") this.socket.retryNow();
    this.now.value = performance.now();
  };
}

function browserHost(): SocketHost {
  return {
    open: () => new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live`) as never,
    now: () => performance.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: Math.random,
  };
}

export const live = new LiveStore();

/** Rows of a channel, subscribed for as long as the calling component lives. The channel may change. */
export function useChannel<T>(channel: MaybeRefOrGetter<string>): { rows: ShallowRef<ReadonlyMap<string, T>>; loaded: ShallowRef<boolean> } {
  const rows = shallowRef<ReadonlyMap<string, T>>(new Map());
  const loaded = shallowRef(false);
  let release: () => void = () => undefined;
  watch(
    () => toValue(channel),
    (name) => {
      release();
      const held = live.hold(name);
      const stop = watch([held.rows, held.loaded], () => {
        rows.value = held.rows.value as ReadonlyMap<string, T>;
        loaded.value = held.loaded.value;
      }, { immediate: true, flush: "sync" });
      release = () => {
        stop();
        live.release(name);
      };
    },
    { immediate: true },
  );
  onScopeDispose(() => release());
  return { rows, loaded };
}
