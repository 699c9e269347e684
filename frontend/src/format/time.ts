/** Instants and durations for the screen. Instants travel as nanoseconds UTC; large ones arrive as digit strings. */

export type Nanos = number | string | bigint;
export const SHANGHAI = "Asia/Shanghai";
export const LONDON = "Europe/London";
export const CHICAGO = "America/Chicago";

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, withDate: boolean): Intl.DateTimeFormat {
  const key = `${zone}/${withDate}`;
  const known = formatters.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone, hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit",
    ...(withDate ? { year: "numeric", month: "2-digit", day: "2-digit" } : {}),
  });
  formatters.set(key, made);
  return made;
}

/** Whole nanoseconds; accepts numbers, digit strings and ISO instants. Null when it is none of them. */
export function nanos(value: Nanos | null | undefined): bigint | null {
  if (value == null || value === "") return null;
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isFinite(value) ? BigInt(Math.round(value)) : null;
  if (/^-?\d+$/.test(value)) return BigInt(value);
  const millis = Date.parse(value);
  if (Number.isNaN(millis)) return null;
  const micros = /\.\d{3}(\d{3})/.exec(value)?.[1] ?? "0";
  return BigInt(millis) * 1_000_000n + BigInt(micros) * 1_000n;
}

function instant(value: Nanos | null | undefined, zone: string, decimals: number, withDate: boolean): string {
  const at = nanos(value);
  if (at == null || at <= 0n) return "--";
  const text = formatter(zone, withDate).format(new Date(Number(at / 1_000_000n)));
  if (!decimals) return text;
  return `${text}.${(at % 1_000_000_000n).toString().padStart(9, "0").slice(0, decimals)}`;
}

/** `21:04:11.297` in the zone. */
export const clock = (value: Nanos | null | undefined, zone = SHANGHAI, decimals = 0) => instant(value, zone, decimals, false);

/** `2026-01-12 21:04:11.204318` in the zone. */
export const dateTime = (value: Nanos | null | undefined, zone = SHANGHAI, decimals = 0) => instant(value, zone, decimals, true);

/** Signed nanoseconds from `from` to `to`, exact. */
export function elapsed(from: Nanos | null | undefined, to: Nanos | null | undefined): bigint | null {
  const start = nanos(from);
  const end = nanos(to);
  return start == null || end == null ? null : end - start;
}

/** Microseconds below 1 ms, milliseconds below 10 s, seconds above. */
export function duration(span: Nanos | null | undefined): string {
  const ns = nanos(span);
  if (ns == null) return "--";
  const size = Number(ns < 0n ? -ns : ns);
  const sign = ns < 0n ? "\u2212" : "";
  if (size < 1e6) return `${sign}${(size / 1e3).toFixed(size < 1e4 ? 1 : 0)} µs`;
  if (size < 1e10) return `${sign}${(size / 1e6).toFixed(1)} ms`;
  return `${sign}${(size / 1e9).toFixed(1)} s`;
}

/** Milliseconds with three decimals, for columns whose header carries the unit. */
export function millis(span: Nanos | null | undefined): string {
  const ns = nanos(span);
  if (ns == null) return "--";
  const text = (Number(ns < 0n ? -ns : ns) / 1e6).toFixed(3).replace(/\B(?=(\d{3})+\.)/g, ",");
  return ns < 0n ? `\u2212${text}` : text;
}

/** An age: seconds with one decimal, then minutes and hours. */
export function age(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return "--";
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const pad = (n: number) => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${pad(Math.floor((whole % 3600) / 60))}m`;
}
