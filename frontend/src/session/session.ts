/** Who is logged in, what they may do, and where they land. The server enforces; the screen explains. */
import { computed, shallowRef } from "vue";
import { auth } from "@/api/endpoints";
import { ApiError } from "@/api/http";
import type { Me } from "@/api/types";
import { i18n } from "@/i18n";
import { adopt, preferences } from "./preferences";

export const me = shallowRef<Me | null>(null);
export const isKnown = shallowRef(false);

/** Each action's permission, and the roles that hold it for the reason shown beside a disabled control. */
const ACTIONS = {
  arm: ["programs.arm", ["trader"]],
  disarm: ["programs.disarm", ["trader", "risk", "ops"]],
  unwind: ["programs.unwind", ["trader", "risk"]],
  flatten: ["programs.flatten", ["trader", "risk"]],
  editTerms: ["programs.edit", ["trader"]],
  acceptResidual: ["residuals.accept", ["risk"]],
  adjustPosition: ["positions.adjust", ["trader", "risk", "ops"]],
  decideOperation: ["operations.approve", ["risk"]],
  releaseForeign: ["foreign.release", ["risk"]],
  kill: ["kill.use", ["trader", "risk", "ops"]],
  requestLift: ["kill.lift_request", ["trader", "risk"]],
  approveLift: ["kill.lift_approve", ["risk"]],
  tighten: ["limits.tighten", ["risk"]],
  loosen: ["limits.loosen_request", ["trader", "risk", "pm"]],
  approve: ["limits.loosen_approve", ["risk"]],
  acknowledge: ["alerts.acknowledge", ["trader", "risk", "ops"]],
  readAudit: ["audit.read", ["trader", "risk", "auditor", "pm"]],
  verify: ["audit.verify", ["auditor"]],
  export: ["audit.export", ["auditor"]],
  readProjects: ["projects.read", ["trader", "risk", "auditor", "pm", "ops"]],
} as const;
export type Action = keyof typeof ACTIONS;

export const roles = computed(() => me.value?.roles ?? []);
export const can = (action: Action): boolean => me.value?.permissions.includes(ACTIONS[action][0]) ?? false;
/** Why the control is off, in the reader's language; empty when it is not. */
export function whyNot(action: Action): string {
  if (can(action)) return "";
  const { t } = i18n.global;
  return t("reason.roleNeeded", { roles: ACTIONS[action][1].map((role) => t(`role.${role}`)).join(", ") });
}

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
