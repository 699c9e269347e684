/** Exact decimal strings for the screen. Prices never become floating point numbers here. */

export type Decimal = string;
export const NOT_APPLICABLE = "--";
export const NOT_TRUSTWORTHY = "?";
const MINUS = "\u2212";

interface Scaled {
  digits: bigint;
  places: number;
}

function scaled(value: Decimal): Scaled | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(value.trim());
  if (!match || !(match[2] || match[3])) return null;
  const fraction = match[3] ?? "";
  const digits = BigInt(`${match[1] === "-" ? "-" : ""}${match[2] ?? ""}${fraction}`);
  const places = fraction.length - Number(match[4] ?? 0);
  return places >= 0 ? { digits, places } : { digits: digits * 10n ** BigInt(-places), places: 0 };
}

function rescale(number: Scaled, places: number): bigint {
  if (places >= number.places) return number.digits * 10n ** BigInt(places - number.places);
  const factor = 10n ** BigInt(number.places - places);
  const half = (number.digits < 0n ? -factor : factor) / 2n;
  return (number.digits + half) / factor;
}

function write(digits: bigint, places: number): string {
  const text = (digits < 0n ? -digits : digits).toString().padStart(places + 1, "0");
  const whole = text.slice(0, text.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = digits < 0n ? MINUS : "";
  return places ? `${sign}${whole}.${text.slice(text.length - places)}` : `${sign}${whole}`;
}

/** Groups by three and writes a true minus; keeps every digit given, and shows at least as many decimals as the tick has. */
export function price(value: Decimal | null | undefined, tick?: Decimal | null): string {
  if (value == null || value === "") return NOT_APPLICABLE;
  const number = scaled(value);
  if (!number) return NOT_TRUSTWORTHY;
  const wanted = tick ? (scaled(tick)?.places ?? 0) : number.places;
  let { digits, places } = number;
  while (places > wanted && digits % 10n === 0n) {
    digits /= 10n;
    places -= 1;
  }
  const shown = Math.max(places, wanted);
  return write(rescale({ digits, places }, shown), shown);
}

/** Rounds half away from zero to `places` decimals. */
export function fixed(value: Decimal | null | undefined, places: number): string {
  if (value == null || value === "") return NOT_APPLICABLE;
  const number = scaled(value);
  return number ? write(rescale(number, places), places) : NOT_TRUSTWORTHY;
}

/** Like `fixed`, with an explicit plus for values above zero. */
export function signed(value: Decimal | null | undefined, places: number): string {
  const text = fixed(value, places);
  return sign(value) > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** A rate such as 0.005 as percent: `0.50`. */
export function percent(rate: Decimal | null | undefined, places: number): string {
  if (rate == null || rate === "") return NOT_APPLICABLE;
  const number = scaled(rate);
  return number ? write(rescale({ digits: number.digits * 100n, places: number.places }, places), places) : NOT_TRUSTWORTHY;
}

/** A ratio of two prices: four decimals, fewer where its whole part is long because the legs are quoted in unlike units. */
export function ratio(value: Decimal | null | undefined): string {
  const number = value == null || value === "" ? null : scaled(value);
  if (!number) return fixed(value, 4);
  const whole = rescale(number, 0);
  return fixed(value, whole >= 1000n || whole <= -1000n ? 1 : 4);
}

/** A count or quantity: grouped, trailing zeros of the fraction removed. */
export function quantity(value: Decimal | number | null | undefined): string {
  return value == null ? NOT_APPLICABLE : price(String(value), "1");
}

export function sign(value: Decimal | null | undefined): -1 | 0 | 1 {
  const digits = value == null ? 0n : (scaled(value)?.digits ?? 0n);
  return digits > 0n ? 1 : digits < 0n ? -1 : 0;
}

/** Exact comparison; null when one side is missing or is not a number. */
export function compare(a: Decimal | null | undefined, b: Decimal | null | undefined): -1 | 0 | 1 | null {
  const left = a == null ? null : scaled(a);
  const right = b == null ? null : scaled(b);
  if (!left || !right) return null;
  const places = Math.max(left.places, right.places);
  const difference = rescale(left, places) - rescale(right, places);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

/** Exact difference a - b as a plain decimal string. */
export function subtract(a: Decimal | null | undefined, b: Decimal | null | undefined): Decimal | null {
  const left = a == null ? null : scaled(a);
  const right = b == null ? null : scaled(b);
  if (!left || !right) return null;
  const places = Math.max(left.places, right.places);
  return write(rescale(left, places) - rescale(right, places), places).replace(MINUS, "-").replaceAll(",", "");
}

/** For drawing only: a chart's coordinate, never a shown figure. */
export function coordinate(value: Decimal | null | undefined): number | null {
  if (value == null || value === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
