/** What is declared, not live: instruments, programs and venues. Read once, refreshed slowly, shared by every screen. */
import { computed, shallowRef } from "vue";
import { pairs, venues as venuesApi } from "@/api/endpoints";
import type { EngineInfo, LegFacts, VenueInfo } from "@/api/types";
import { quantity as grouped } from "@/format/decimal";
import { messageOr } from "@/i18n";
import type { PairRow } from "@/live/messages";

export const venueList = shallowRef<VenueInfo[]>([]);
export const engineList = shallowRef<EngineInfo[]>([]);
const declared = shallowRef<PairRow[]>([]);

/** Reads venues and the declared rows of the board; a failure leaves what was known. */
export async function readFacts(): Promise<void> {
  await Promise.allSettled([readVenues(), readPrograms()]);
}

export async function readVenues(): Promise<VenueInfo[]> {
  const answer = await venuesApi.list();
  venueList.value = [...answer.venues].sort((a, b) => Number(a.side !== "domestic") - Number(b.side !== "domestic"));
  engineList.value = answer.engines ?? [];
  return venueList.value;
}

async function readPrograms(): Promise<void> {
  declared.value = (await pairs.board<PairRow>()).pairs;
}

const venueByName = computed(() => new Map(venueList.value.map((venue) => [venue.venue, venue])));
const legByInstrument = computed(() => new Map<string, LegFacts>(declared.value.flatMap((row) => row.legs ?? []).map((leg) => [leg.instrument, leg])));
const rowByProgram = computed(() => new Map(declared.value.map((row) => [row.program, row])));

/** Each instrument's venue, with the origin of this instrument's own prices: one venue may play recorded and generated ones. */
const venueByInstrument = computed(() => new Map(venueList.value.flatMap((venue) => venue.instruments.map((one) => [
  one.code,
  { ...venue, input_kind: one.input_kind ?? venue.input_kind, input_label: one.input_label ?? venue.input_label },
]))));

/** Instruments are named VENUE.symbol. */
export const venueOf = (instrument: string | null | undefined): VenueInfo | undefined =>
  venueByInstrument.value.get(instrument ?? "") ?? venueByName.value.get((instrument ?? "").split(".", 1)[0] ?? "");
export const instrumentOf = (code: string | null | undefined) => (code ? legByInstrument.value.get(code) : undefined);
const slug = (text: string) => text.toLowerCase().replace(/[^a-z0-9]+/g, "_");
/** A unit in the language of the screen; one the catalogue does not know stays as it was declared. */
export const unitName = (unit: string | null | undefined): string => (unit ? messageOr(`unitName.${slug(unit)}`, unit) : "");
export const priceUnit = (code: string | null | undefined): string => {
  const facts = instrumentOf(code);
  return facts ? unitName(`${facts.currency}/${facts.unit}`) : "";
};
export const projectOf = (program: string | null | undefined): string => rowByProgram.value.get(program ?? "")?.project ?? "";

const tickByPair = computed(() => new Map(declared.value.map((row) => [row.pair, row.legs?.find((leg) => leg.role === "domestic")?.tick ?? ""])));
/** Decimals of a pair's measure on screen: four of a ratio; of a spread one, or as many as the domestic tick where that is finer. */
export function placesOf(pair: string | null | undefined, measure = "spread"): number {
  return measure === "ratio" ? 4 : Math.max(1, (tickByPair.value.get(pair ?? "")?.split(".")[1] ?? "").length);
}

const MEASURES = ["spread", "ratio", "counter_price"];
/** The name of what a program's trigger measures. */
export function measureOf(row: PairRow): string {
  const declaredRow = rowByProgram.value.get(row.program);
  const name = [row.measure, declaredRow?.measure].find((candidate) => candidate != null && MEASURES.includes(candidate));
  return name ?? (row.unit === "ratio" ? "ratio" : "spread");
}
export function comparatorOf(row: PairRow): string {
  const sign = row.comparator ?? rowByProgram.value.get(row.program)?.comparator ?? (row.direction === "buy_domestic" ? "<=" : ">=");
  return sign === ">=" ? "≥" : sign === "<=" ? "≤" : sign;
}

/** `25 t`: an exact quantity with the instrument's unit, whether or not the sender wrote the unit. */
export function withUnit(quantity: string, instrument: string | number, unit?: string): string {
  if (!/^[-+]?[\d.]+$/.test(quantity)) return quantity;
  const named = unit ?? instrumentOf(String(instrument))?.unit ?? "";
  return named ? `${grouped(quantity)} ${unitName(named)}` : grouped(quantity);
}
