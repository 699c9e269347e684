/** What an alert says: the catalogue's sentence with its values in the words of the screen's language. */
import { messageOr } from "@/i18n";
import type { AlertItem } from "@/live/messages";

const WORDS: Record<string, string[]> = { reason: ["stateReason"], code: ["refusal"], level: ["gateValue"], outcome: ["outcome"], evidence: ["orderState"] };

function inWords(name: string, value: string): string {
  for (const group of WORDS[name] ?? []) {
    const found = messageOr(`${group}.${group === "gateValue" ? value.toUpperCase() : value}`, "");
    if (found) return found;
  }
  return value;
}

export function sentence(alert: Pick<AlertItem, "text_key" | "rule" | "values">): string {
  const given = Object.entries(alert.values ?? {}).map(([name, value]) => [name, String(value)] as const);
  const values: Record<string, string> = Object.fromEntries(given.map(([name, value]) => [name, inWords(name, value)]));
  const kind = String(alert.values?.kind ?? "");
  if (kind) Object.assign(values, { name: messageOr(`thresholdKind.${kind}`, kind), unit: messageOr(`thresholdUnit.${kind}`, values.unit ?? "") });
  const plain = given.map(([name, value]) => `${name} ${value}`).join(", ");
  return messageOr(alert.text_key, `${alert.rule.replaceAll("_", " ")}: ${plain}`, values);
}
