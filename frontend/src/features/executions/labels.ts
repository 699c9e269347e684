/** Words for the steps of an execution, from the catalogue; what the catalogue does not know is shown as it came. */
import type { Step } from "@/api/types";
import { fixed, price } from "@/format/decimal";
import { i18n, messageOr } from "@/i18n";
import { groupKind } from "./waterfall";

const WORDS: Record<string, string[]> = {
  side: ["side"], outcome: ["outcome"], purpose: ["purpose"], reason: ["closeReason", "stepReason"], state: ["orderState"], code: ["refusal", "rejectCode"], measure: ["measure"], is_answered: ["answer"],
};
const PRICES = ["price", "bid", "ask", "limit_price"];
const slug = (text: string) => text.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "");
const FIGURE = /\d[\d.]*(?: (?:t|lb|oz|kg|bbl)\b)?|\b[A-Z]{3,}\b/g; // a quantity with its unit, or a venue

/** One value of a step as a person reads it; `among` are the step's values, which say what a figure measures. */
export function stepValue(name: string, value: string, among: Record<string, string>): string {
  if (name === "lots" && /^(buy|sell) /.test(value)) return movesText(value);
  if (name === "text") return rejectText(value);
  for (const group of WORDS[name] ?? []) {
    const found = messageOr(`${group}.${value}`, messageOr(`${group}.${slug(value)}`, ""));
    if (found) return found;
  }
  if (name === "time_in_force") return value === "ioc" ? "FAK" : value.toUpperCase();
  if (name === "value" || name === "threshold") return value ? fixed(value, among.measure === "ratio" ? 4 : 1) : "--";
  if (name === "limits_version") return value.split(":", 1)[0] ?? value;
  return PRICES.includes(name) ? price(value) : value;
}

/** A venue's own text keeps its words; the code in front of them is told in the language of the screen. */
function rejectText(text: string): string {
  const found = /^([A-Z][A-Z_]+)(?:: (.*))?$/.exec(text);
  if (!found) return text;
  return [messageOr(`rejectCode.${found[1]}`, found[1]!), found[2]].filter(Boolean).join(" · ");
}

/** `sell 2 SHFE.cu2703 buy 1 LME.CA-3M` in the order of words of the language. */
function movesText(moves: string): string {
  const parts = [...moves.matchAll(/(buy|sell) (\d+) (\S+)/g)];
  return parts.map(([, side, lots, instrument]) => messageOr("step.move", "", { side: messageOr(`side.${side}`, side ?? ""), lots, instrument })).join(" + ");
}

export function stepLabel(step: Step): string {
  const values = Object.fromEntries(Object.entries(step.values).map(([name, value]) => [name, stepValue(name, value, step.values)]));
  const key = step.label_key.startsWith("step.") ? step.label_key : `step.${step.label_key}`;
  return messageOr(key, step.label_key, values);
}

/** Why a way out was or was not taken: a fixed phrase, one per instrument, or one with two figures in it. */
export function optionReason(reason: string): string {
  const fixedPhrase = messageOr(`optionReason.${slug(reason)}`, "");
  if (fixedPhrase) return fixedPhrase;
  if (reason.includes("; ")) return reason.split("; ").map(optionReason).join("; ");
  const short = /^(.+), short of (\w+)$/.exec(reason);
  if (short) return messageOr("optionReason.short_of", reason, { rule: optionReason(short[1]!), what: optionReason(short[2]!) });
  const about = /^(\S+): (.+)$/.exec(reason);
  if (about) return messageOr("optionReason.about", reason, { instrument: about[1], obstacle: optionReason(about[2]!) });
  const [a, b] = reason.match(FIGURE) ?? [];
  return messageOr(`optionReason.${slug(reason.replace(FIGURE, ""))}`, reason, { a, b });
}

export function groupLabel(key: string): string {
  const { t, te } = i18n.global;
  if (te(`group.${key}`)) return t(`group.${key}`);
  const { kind, number } = groupKind(key);
  if (kind === "leg") return t("group.legN", { n: number + 1 });
  return te(`group.${kind}`) ? t(`group.${kind}`, { n: number }) : key;
}
