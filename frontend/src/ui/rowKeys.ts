/** Keyboard of every table: j k or arrows move, Home End PgUp PgDn jump, Enter opens. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return event.isComposing || !!target?.closest("input, textarea, select, [contenteditable=true]");
}

const STEP: Record<string, number> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

/** The row to select after `key`; null when the key does not move. */
export function nextRow(key: string, selected: number, count: number): number | null {
  const step = STEP[key];
  if (step === undefined || count === 0) return null;
  if (selected < 0) return step < 0 && step !== -Infinity ? count - 1 : step === Infinity ? count - 1 : 0;
  return Math.min(count - 1, Math.max(0, selected + step));
}
