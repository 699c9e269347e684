/** What a venue's line is doing: the slow description from the interface with the live state on top. */
import type { VenueInfo } from "@/api/types";

export interface VenueLive {
  venue?: string;
  name?: string;
  state?: string;
  phase?: string | null;
  heartbeat_age_ms?: number | null;
  [extra: string]: unknown;
}

export function mergeVenues(described: readonly VenueInfo[], current: Iterable<VenueLive>): VenueInfo[] {
  const byName = new Map([...current].map((item) => [item.venue ?? item.name, item]));
  return described.map((venue) => {
    const now = byName.get(venue.name);
    return now ? { ...venue, ...(now as Partial<VenueInfo>), name: venue.name } : venue;
  });
}

const UP = ["up", "connected", "logged_on", "live", "open"];
export const isVenueUp = (venue: VenueInfo) => UP.includes(String(venue.state ?? "").toLowerCase());
