/** What a venue's line is doing: the declared line with the newest live state on top. */
import type { VenueInfo } from "@/api/types";

export type VenueLive = Record<string, unknown>;

export function mergeVenues(declared: readonly VenueInfo[], current: Iterable<VenueLive>): VenueInfo[] {
  const newest = new Map<unknown, VenueLive>();
  for (const item of current) {
    for (const line of Array.isArray(item.venues) ? (item.venues as VenueLive[]) : [item]) newest.set(line.venue ?? line.name, line);
  }
  return declared.map((venue) => ({ ...venue, live: newest.get(venue.venue) ?? venue.live }));
}

const UP = ["up", "connected", "logged_on", "live", "open"];
export function isVenueUp(venue: VenueInfo): boolean {
  const { live } = venue;
  if (!live) return false;
  return [live.is_up, live.up, live.connected].includes(true) || UP.includes(String(live.state ?? "").toLowerCase());
}
export const isVenueKnown = (venue: VenueInfo) => venue.live != null;
export const liveText = (venue: VenueInfo, ...names: string[]): string | null => {
  const found = names.map((name) => venue.live?.[name]).find((value) => value != null && value !== "");
  return found == null ? null : String(found);
};
/** The venue's own zone, from its instruments. */
export const zoneOf = (venue: VenueInfo) => (venue.instruments.find((item) => item.time_zone && !item.is_pricing_only) ?? venue.instruments.find((item) => item.time_zone))?.time_zone;
