/** Short messages that go away by themselves; failures stay until closed. */
import { shallowReactive } from "vue";

export interface Toast {
  id: number;
  tone: "info" | "ok" | "warning" | "failure";
  text: string;
}

export const toasts = shallowReactive<Toast[]>([]);
let count = 0;

export function toast(tone: Toast["tone"], text: string): void {
  const entry = { id: ++count, tone, text };
  toasts.push(entry);
  if (toasts.length > 4) toasts.shift();
  if (tone !== "failure") setTimeout(() => dismiss(entry.id), 6000);
}

export function dismiss(id: number): void {
  const at = toasts.findIndex((entry) => entry.id === id);
  if (at >= 0) toasts.splice(at, 1);
}
