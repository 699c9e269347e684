/** Words for the steps of an execution, from the catalogue; what the catalogue does not know is shown as it came. */
import type { Step } from "@/api/types";
import { price } from "@/format/decimal";
import { i18n, messageOr } from "@/i18n";
import { groupKind } from "./waterfall";

const WORDS: Record<string, string> = { side: "side", outcome: "outcome", purpose: "purpose", reason: "closeReason" };

export function stepLabel(step: Step): string {
  const values = Object.fromEntries(
    Object.entries(step.values).map(([name, value]) => {
      if (name in WORDS) return [name, messageOr(`${WORDS[name]}.${value}`, value)];
      if (name === "time_in_force") return [name, value === "ioc" ? "FAK" : value.toUpperCase()];
      if (["price", "bid", "ask", "value", "trigger"].includes(name)) return [name, price(value)];
      return [name, value];
    }),
  );
  const key = step.label_key.startsWith("step.") ? step.label_key : `step.${step.label_key}`;
  return messageOr(key, step.label_key, values);
}

export function groupLabel(key: string): string {
  const { t, te } = i18n.global;
  if (te(`group.${key}`)) return t(`group.${key}`);
  const { kind, number } = groupKind(key);
  if (kind === "leg") return t("group.legN", { n: number + 1 });
  return te(`group.${kind}`) ? t(`group.${kind}`, { n: number }) : key;
}
