/** One read of the server and its four honest states. A failure keeps the last good data and says since when. */
import { onScopeDispose, shallowRef, type ShallowRef } from "vue";

export type ResourceState = "loading" | "ready" | "failed" | "forbidden";

export interface Resource<T> {
  state: ShallowRef<ResourceState>;
  data: ShallowRef<T | null>;
  error: ShallowRef<string>;
  goodAt: ShallowRef<number | null>;
  reload: () => Promise<void>;
}

/** Reads now; `everyMs` repeats. An answer that arrives after a newer request is dropped. */
export function useResource<T>(read: () => Promise<T>, everyMs = 0): Resource<T> {
  const state = shallowRef<ResourceState>("loading");
  const data = shallowRef<T | null>(null);
  const error = shallowRef("");
  const goodAt = shallowRef<number | null>(null);
  let latest = 0;

  async function reload(): Promise<void> {
    const turn = ++latest;
    if (data.value == null) state.value = "loading";
    try {
      const answer = await read();
      if (turn !== latest) return;
      data.value = answer;
      goodAt.value = Date.now();
      state.value = "ready";
    } catch (problem) {
      if (turn !== latest) return;
      const status = (problem as { status?: number }).status;
      error.value = problem instanceof Error ? problem.message : String(problem);
      state.value = status === 403 ? "forbidden" : "failed";
    }
  }

  void reload();
  if (everyMs) {
    const timer = setInterval(() => document.visibilityState === "hidden" || void reload(), everyMs);
    onScopeDispose(() => clearInterval(timer));
  }
  return { state, data, error, goodAt, reload };
}
