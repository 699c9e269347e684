/** Why a program is in its state, in words: whoever armed it while it runs, the reason it stopped for otherwise. */
import { messageOr } from "@/i18n";
import type { PairRow } from "@/live/messages";
import { isRunning } from "./rows";

/** A reason that a person wrote is shown as written. */
export function reasonText(row: PairRow): string {
  if (!row.reason) return "";
  return isRunning(row) ? messageOr("board.armedBy", row.reason, { who: row.reason }) : messageOr(`stateReason.${row.reason}`, row.reason);
}
