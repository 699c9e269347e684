/** Who is logged in, what they may do, and where they land. The server enforces; the screen explains. */
import { computed, shallowRef } from "vue";
import { auth } from "@/api/endpoints";
import { ApiError } from "@/api/http";
import type { Me } from "@/api/types";
import { adopt, preferences } from "./preferences";

export const me = shallowRef<Me | null>(null);
export const isKnown = shallowRef(false);

/** Roles that may do each action; used for the reason shown beside a disabled control. */
export const ROLES_THAT_MAY = {
  arm: ["trader"],
  disarm: ["trader", "risk", "ops"],
  unwind: ["trader", "risk"],
  kill: ["trader", "risk", "ops"],
  request_lift: ["trader", "risk"],
  approve: ["risk"],
  tighten: ["risk"],
  loosen: ["trader", "risk", "pm"],
  ack: ["trader", "risk", "ops"],
  audit: ["trader", "risk", "auditor", "pm", "admin"],
  export: ["trader", "risk", "auditor", "pm"],
} as const;
export type Action = keyof typeof ROLES_THAT_MAY;

export const roles = computed(() => me.value?.roles ?? []);
export const can = (action: Action): boolean => roles.value.some((role) => (ROLES_THAT_MAY[action] as readonly string[]).includes(role));

const LANDING: Record<string, string> = { trader: "/board", risk: "/risk", auditor: "/audit", pm: "/projects", ops: "/venues", admin: "/settings" };
export const landing = computed(() => LANDING[roles.value[0] ?? ""] ?? "/board");

function enter(answer: Me): void {
  me.value = answer;
  adopt(answer.preferences);
}

/** Asks once who we are; a refusal means nobody. Other failures are raised so that the screen can say so. */
export async function recognize(): Promise<void> {
  try {
    enter(await auth.me());
  } catch (error) {
    if (!(error instanceof ApiError) || ![401, 403].includes(error.status)) throw error;
    me.value = null;
  }
  isKnown.value = true;
}

export async function logIn(username: string, password: string): Promise<void> {
  const chosenLanguage = preferences.language;
  await auth.login(username, password);
  enter(await auth.me());
  preferences.language = chosenLanguage;
  isKnown.value = true;
}

export async function logOut(): Promise<void> {
  await auth.logout();
  me.value = null;
}

export function forget(): void {
  me.value = null;
}

/** Sends preferences to the server; the caller shows a failure. */
export async function savePreferences(): Promise<void> {
  if (me.value) await auth.savePreferences({ ...preferences });
}
