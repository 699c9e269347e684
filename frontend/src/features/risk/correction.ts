/** A correction of one side of one book: which side is off, what the venue says of it, and what is asked for. */
import type { PositionLine } from "@/api/types";

export interface Correction {
  desk: string;
  instrument: string;
  side: "buy" | "sell";
  today_lots: number;
  yesterday_lots: number;
  hedge_flag: string;
  prompt: string;
}
type Side = Correction["side"];

const sumOf = (line: PositionLine, side: Side) => (side === "buy" ? line.long.today + line.long.yesterday : line.short.today + line.short.yesterday);

/** Lots of a side as the venue told them; a venue that nets holds one side only. Null when it told nothing. */
export function toldLots(line: PositionLine, side: Side): number | null {
  if (!line.venue_lots) return null;
  const { long, short } = line.venue_lots;
  if (line.hedge_flag !== "") return side === "buy" ? long : short;
  return Math.max(0, side === "buy" ? long - short : short - long);
}

/** The side on which the books and the venue differ; where a venue nets, the side it says is held. */
export function brokenSide(line: PositionLine): Side {
  if (line.hedge_flag === "" && line.venue_lots) return line.venue_lots.long >= line.venue_lots.short ? "buy" : "sell";
  return toldLots(line, "buy") !== sumOf(line, "buy") ? "buy" : "sell";
}

/** The request, or null when a figure is not a whole number of lots. */
export function correction(desk: string, line: PositionLine, side: Side, today: string, yesterday: string): Correction | null {
  if (![today, yesterday].every((text) => /^\d{1,6}$/.test(text.trim()))) return null;
  return { desk, instrument: line.instrument, side, today_lots: Number(today), yesterday_lots: Number(yesterday), hedge_flag: line.hedge_flag || "speculation", prompt: line.prompt };
}
