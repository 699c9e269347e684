/** A preview that is asked for again while its dialog is open; what it showed is never acted on after it expired or moved. */
import { computed, onScopeDispose, shallowRef, watch, type Ref } from "vue";
import { ApiError } from "@/api/http";
import type { Preview } from "@/api/types";
import { refusalText } from "@/i18n";

const ASK_EVERY_MS = 2_000;
const SETTLE_MS = 500; // a button whose meaning changed under the pointer stays off this long

export function usePreview(ask: () => Promise<Preview>, isOpen: Ref<boolean>) {
  const preview = shallowRef<Preview | null>(null);
  const problem = shallowRef("");
  const isSettling = shallowRef(false);
  let settling: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  const shape = (shown: Preview | null) => JSON.stringify(shown && [shown.orders.map((order) => [order.instrument, order.side, order.lots, order.offset]), shown.held_units, shown.naked]);

  async function read(): Promise<void> {
    const mine = ++turn;
    try {
      const answer = await ask();
      if (mine !== turn) return;
      if (preview.value && shape(answer) !== shape(preview.value)) settle();
      preview.value = answer;
      problem.value = "";
    } catch (error) {
      if (mine !== turn) return;
      preview.value = null;
      problem.value = error instanceof ApiError ? refusalText(error) : String(error);
    }
  }

  function settle(): void {
    isSettling.value = true;
    clearTimeout(settling);
    settling = setTimeout(() => (isSettling.value = false), SETTLE_MS);
  }

  const timer = setInterval(() => isOpen.value && void read(), ASK_EVERY_MS);
  watch(isOpen, (open) => {
    preview.value = null;
    if (open) void read();
  }, { immediate: true });
  onScopeDispose(() => {
    turn += 1;
    clearInterval(timer);
    clearTimeout(settling);
  });

  const isUsable = computed(() => !isSettling.value && preview.value != null && preview.value.orders.length > 0);
  return { preview, problem, isUsable, read };
}
