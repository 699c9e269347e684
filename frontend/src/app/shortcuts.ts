/** Global keys. None of them arms, sends or kills; ignored while typing and while an input method composes. */
import { onScopeDispose } from "vue";
import { useRouter } from "vue-router";
import { live } from "@/live/store";
import { preferences } from "@/session/preferences";
import { isTyping } from "@/ui/rowKeys";

export const GO_TO: Record<string, string> = {
  b: "/board", e: "/executions", r: "/risk", a: "/alerts", u: "/audit", p: "/projects", v: "/venues", s: "/settings",
};

export function useShortcuts(act: { openKill: () => void; openHelp: () => void }): void {
  const router = useRouter();
  let goUntil = 0;

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey && event.altKey && event.code === "KeyK") {
      event.preventDefault();
      return act.openKill();
    }
    if (preferences.shortcuts === "off" || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.timeStamp < goUntil ? GO_TO[event.key] : undefined;
    goUntil = 0;
    if (target) {
      event.preventDefault();
      event.stopImmediatePropagation();
      void router.push(target);
    } else if (event.key === "g") goUntil = event.timeStamp + 1500;
    else if (event.key === ".") live.toggleFreeze();
    else if (event.key === "?") act.openHelp();
    else if (event.key === "/") {
      const find = document.querySelector<HTMLInputElement>("[data-find]");
      if (find) {
        event.preventDefault();
        find.focus();
      }
    }
  }
  addEventListener("keydown", onKey, { capture: true });
  onScopeDispose(() => removeEventListener("keydown", onKey, { capture: true }));
}
