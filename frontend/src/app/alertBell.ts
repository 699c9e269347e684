/** Unacknowledged alerts for the whole console: counts, sound, browser title. The stream never conflates alerts. */
import { computed, onScopeDispose, shallowRef } from "vue";
import type { AlertItem } from "@/live/messages";
import { live, useChannel } from "@/live/store";
import { preferences } from "@/session/preferences";

export type SoundState = "on" | "off" | "blocked";
const TONES: Record<string, [frequency: number, seconds: number, times: number]> = { P1: [880, 0.18, 3], P2: [660, 0.18, 2], P3: [520, 0.12, 1] };
const REPEAT_P1_MS = 10_000;

export function useAlertBell() {
  const { rows } = useChannel<AlertItem>("alerts");
  const audio = shallowRef<AudioContext | null>(null);
  const isRunning = shallowRef(false);
  const open = computed(() => [...rows.value.values()].filter((alert) => alert.state === "open"));
  const unacked = computed(() => {
    const counts: Record<string, number> = { P1: 0, P2: 0, P3: 0, P4: 0 };
    for (const alert of open.value) counts[alert.severity] = (counts[alert.severity] ?? 0) + 1;
    return counts;
  });
  const sound = computed<SoundState>(() => (preferences.sound === "off" ? "off" : isRunning.value ? "on" : "blocked"));

  async function enableSound(): Promise<void> {
    preferences.sound = "on";
    audio.value ??= new AudioContext();
    await audio.value.resume();
    isRunning.value = audio.value.state === "running";
    ring("P3");
  }

  function ring(severity: string): void {
    const tone = TONES[severity];
    const context = audio.value;
    if (!tone || !context || sound.value !== "on") return;
    const [frequency, seconds, times] = tone;
    for (let at = 0; at < times; at += 1) {
      const start = context.currentTime + at * (seconds + 0.08);
      const gain = context.createGain();
      gain.gain.setValueAtTime(0.15, start);
      gain.gain.exponentialRampToValueAtTime(0.001, start + seconds);
      const oscillator = context.createOscillator();
      oscillator.frequency.value = frequency;
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(start);
      oscillator.stop(start + seconds);
    }
  }

  const unlisten = live.listen("alerts", (items, kind) => {
    if (kind !== "delta") return;
    const worst = (items as AlertItem[]).filter((alert) => alert.state === "open").map((alert) => alert.severity).sort()[0];
    if (worst) ring(worst);
  });
  const repeat = setInterval(() => unacked.value.P1 && ring("P1"), REPEAT_P1_MS);
  onScopeDispose(() => {
    unlisten();
    clearInterval(repeat);
    void audio.value?.close();
  });
  return { rows, open, unacked, sound, enableSound };
}
export type AlertBell = ReturnType<typeof useAlertBell>;
