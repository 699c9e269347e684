/** What each venue is: read once, refreshed slowly, shared by every screen that labels a quote. */
import { computed, shallowRef } from "vue";
import { rowsOf, venues as api } from "@/api/endpoints";
import type { VenueInfo } from "@/api/types";

export const venueList = shallowRef<VenueInfo[]>([]);
const byName = computed(() => new Map(venueList.value.map((venue) => [venue.name, venue])));

export async function readVenues(): Promise<VenueInfo[]> {
  venueList.value = rowsOf<VenueInfo>(await api.list() as VenueInfo[], "venues");
  return venueList.value;
}

/** Instruments are named VENUE.symbol. */
export const venueOf = (instrument: string | null | undefined): VenueInfo | undefined => byName.value.get((instrument ?? "").split(".", 1)[0] ?? "");

const instruments = computed(() => new Map(venueList.value.flatMap((venue) => venue.instruments ?? []).map((item) => [item.code, item])));
export const instrumentOf = (code: string | null | undefined) => (code ? instruments.value.get(code) : undefined);
export const priceUnit = (code: string | null | undefined): string => {
  const item = instrumentOf(code);
  return item?.currency && item.unit ? `${item.currency}/${item.unit}` : "";
};
