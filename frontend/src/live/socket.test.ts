import { beforeEach, describe, expect, it } from "vitest";
import { LiveSocket, SILENCE_MS, type SocketPort } from "./socket";

class Wire implements SocketPort {
  sent: string[] = [];
  isClosed = false;
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  send(data: string) { this.sent.push(data); }
  close() { this.isClosed = true; }
  get ops() { return this.sent.map((text) => Object.values(JSON.parse(text) as object).join(" ")); }
}

let now = 0;
let timers: { at: number; run: () => void }[] = [];
let wires: Wire[] = [];
let seen: string[] = [];
let socket: LiveSocket;

const pass = (ms: number) => {
  const until = now + ms;
  for (;;) {
    const next = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
    if (!next) break;
    timers = timers.filter((timer) => timer !== next);
    now = next.at;
    next.run();
  }
  now = until;
};
const wire = () => wires.at(-1)!;

beforeEach(() => {
  [now, timers, wires, seen] = [0, [], [], []];
  const host = {
    open: () => (wires.push(new Wire()), wire()),
    now: () => now,
    after: (ms: number, run: () => void) => {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => { timers = timers.filter((other) => other !== timer); };
    },
    random: () => 0.5,
  };
  socket = new LiveSocket(host, { envelope: (e) => seen.push(e.kind), phase: (p) => seen.push(p), refused: () => seen.push("refused") });
});

describe("the live socket", () => {
  it("subscribes what is wanted once it is open, and again after a reconnect", () => {
    socket.subscribe("board");
    socket.start();
    expect(wire().ops).toEqual([]);
    wire().onopen!();
    expect(wire().ops).toEqual(["sub board"]);
    wire().onclose!({ code: 1006 });
    pass(250);
    wire().onopen!();
    expect([wires.length, wire().ops]).toEqual([2, ["sub board"]]);
  });
  it("backs off further with every failed attempt", () => {
    socket.start();
    for (const wait of [250, 500, 1000, 2000, 4000, 8000, 8000]) {
      const before = wires.length;
      wire().onclose!({ code: 1006 });
      pass(wait - 1);
      expect(wires.length).toBe(before);
      pass(1);
      expect(wires.length).toBe(before + 1);
    }
  });
  it("treats silence as a lost line", () => {
    socket.start();
    wire().onopen!();
    pass(SILENCE_MS - 1);
    wire().onmessage!({ data: '{"kind":"heartbeat"}' });
    pass(SILENCE_MS - 1);
    expect(seen).toEqual(["connecting", "open", "heartbeat"]);
    pass(1);
    expect(seen.at(-1)).toBe("lost");
  });
  it("asks for a snapshot at most once a second per channel", () => {
    socket.subscribe("board");
    socket.start();
    wire().onopen!();
    socket.resync("board");
    socket.resync("board");
    pass(1000);
    socket.resync("board");
    expect(wire().ops).toEqual(["sub board", "resync board", "resync board"]);
  });
  it("resyncs everything after a message it cannot read", () => {
    socket.subscribe("board");
    socket.start();
    wire().onopen!();
    wire().onmessage!({ data: "{torn" });
    expect(wire().ops).toEqual(["sub board", "resync board"]);
  });
  it("stops and says so when the server no longer knows the session", () => {
    socket.start();
    wire().onclose!({ code: 4401 });
    pass(60_000);
    expect([seen.at(-1), wires.length]).toEqual(["refused", 1]);
  });
  it("never reconnects after it was stopped", () => {
    socket.start();
    wire().onopen!();
    socket.stop();
    pass(60_000);
    expect([wires.length, wire().isClosed]).toEqual([1, true]);
  });
});
