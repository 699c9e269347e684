/** Message catalogues: keys in the code, sentences only in the two catalogues, one of them loaded at a time. */
import { createI18n } from "vue-i18n";

export const LOCALES = ["zh-CN", "en"] as const;
export type Locale = (typeof LOCALES)[number];
type Catalogue = { [key: string]: string | Catalogue };

const LOADERS: Record<Locale, () => Promise<{ default: Catalogue }>> = {
  "zh-CN": () => import("./zh-CN"),
  en: () => import("./en"),
};

export const i18n = createI18n({
  legacy: false,
  locale: "zh-CN" as string,
  messages: {} as Record<string, Catalogue>,
  missingWarn: import.meta.env.DEV,
  fallbackWarn: false,
});

export async function setLocale(locale: Locale): Promise<void> {
  if (!i18n.global.availableLocales.includes(locale)) i18n.global.setLocaleMessage(locale, (await LOADERS[locale]()).default);
  i18n.global.locale.value = locale;
  document.documentElement.lang = locale;
}

export const isLocale = (value: unknown): value is Locale => LOCALES.includes(value as Locale);
/** A message by key with the key itself as last resort; for keys that the server names. */
export function messageOr(key: string, fallback: string, values: Record<string, unknown> = {}): string {
  return i18n.global.te(key) ? i18n.global.t(key, values) : fallback;
}

/** Why the server said no, by its stable code; a code without words leaves the server's own sentence. */
export function refusalText(problem: unknown): string {
  const { code, message } = problem as { code?: unknown; message?: unknown };
  return messageOr(`refusal.${String(code ?? "")}`, typeof message === "string" ? message : String(problem));
}
