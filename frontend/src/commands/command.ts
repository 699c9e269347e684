/**
 * One command, one identity. The key is minted when the dialog opens; pressing twice, or trying again after a lost answer, repeats
 * the same key. The outcome comes from the engine, never from the press: sent, taking longer, outcome unknown and asking.
 */
import { computed, onScopeDispose, shallowRef } from "vue";
import { programs } from "@/api/endpoints";
import { ApiError } from "@/api/http";
import type { Command, CommandAccepted } from "@/api/types";
import { live } from "@/live/store";

export type Phase = "ready" | "sending" | "waiting" | "accepted" | "refused" | "failed";
export const SLOW_MS = 2_000;
export const UNKNOWN_MS = 10_000;
const ASK_EVERY_MS = 400;
const SEND_AGAIN_MS = 1_000;
const GIVE_UP_SENDING_MS = 15_000;

/** Random 128-bit key; works on plain HTTP too, where randomUUID does not exist. */
export function mintKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export function useCommand(send: (key: string) => Promise<CommandAccepted>) {
  const phase = shallowRef<Phase>("ready");
  const text = shallowRef("");
  const code = shallowRef("");
  const sentAt = shallowRef<number | null>(null);
  let key = mintKey();
  let turn = 0;

  const waitedMs = computed(() => (sentAt.value == null ? 0 : Math.max(0, live.now.value - sentAt.value)));
  const isBusy = computed(() => phase.value === "sending" || phase.value === "waiting");
  const pace = computed(() => (!isBusy.value ? "none" : waitedMs.value > UNKNOWN_MS ? "unknown" : waitedMs.value > SLOW_MS ? "slow" : "sent"));

  function reset(): void {
    turn += 1;
    key = mintKey();
    phase.value = "ready";
    text.value = code.value = "";
    sentAt.value = null;
  }

  function settle(answer: Command, mine: number): boolean {
    if (mine !== turn) return true;
    if (answer.state !== "accepted" && answer.state !== "refused") return false;
    phase.value = answer.state;
    code.value = answer.code ?? "";
    text.value = answer.text ?? "";
    return true;
  }

  async function deliver(mine: number): Promise<CommandAccepted | null> {
    const started = performance.now();
    for (;;) {
      try {
        return await send(key);
      } catch (problem) {
        if (mine !== turn) return null;
        const isLost = problem instanceof ApiError && problem.isUnanswered;
        if (!isLost || performance.now() - started > GIVE_UP_SENDING_MS) throw problem;
        await pause(SEND_AGAIN_MS);
      }
    }
  }

  async function follow(id: string, mine: number): Promise<void> {
    while (mine === turn) {
      try {
        if (settle(await programs.command(id), mine)) return;
      } catch (problem) {
        if (problem instanceof ApiError && !problem.isUnanswered && problem.status < 500) throw problem;
      }
      await pause(ASK_EVERY_MS);
    }
  }

  async function run(): Promise<void> {
    if (phase.value !== "ready") return;
    const mine = turn;
    phase.value = "sending";
    sentAt.value = performance.now();
    try {
      const accepted = await deliver(mine);
      if (!accepted || mine !== turn) return;
      if (accepted.command_id == null) {
        phase.value = "accepted"; // a second person decides; there is no command to follow yet
        return;
      }
      phase.value = "waiting";
      await follow(accepted.command_id, mine);
    } catch (problem) {
      if (mine !== turn) return;
      phase.value = problem instanceof ApiError && problem.status >= 400 && problem.status < 500 ? "refused" : "failed";
      code.value = problem instanceof ApiError ? problem.code : "";
      text.value = problem instanceof Error ? problem.message : String(problem);
    }
  }

  onScopeDispose(() => (turn += 1));
  return { phase, text, code, waitedMs, isBusy, pace, run, reset };
}
