/** What a person chose for their screen. Kept on the server per user, mirrored locally for the login page. */
import { reactive, watchEffect } from "vue";
import { isLocale, setLocale, type Locale } from "@/i18n";

export const CHOICES = {
  theme: ["dark", "light", "system"],
  direction: ["red-up", "green-up", "cvd", "mono"],
  density: ["compact", "normal", "comfortable"],
  flash: ["on", "off"],
  sound: ["on", "off"],
  shortcuts: ["on", "off"],
  rail: ["wide", "narrow"],
} as const;

export interface Preferences {
  language: Locale;
  theme: (typeof CHOICES.theme)[number];
  direction: (typeof CHOICES.direction)[number];
  density: (typeof CHOICES.density)[number];
  flash: (typeof CHOICES.flash)[number];
  sound: (typeof CHOICES.sound)[number];
  shortcuts: (typeof CHOICES.shortcuts)[number];
  rail: (typeof CHOICES.rail)[number];
}

const STORED = "console.preferences";
const language: Locale = navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";

export const preferences = reactive<Preferences>({
  language, theme: "dark", direction: language === "zh-CN" ? "red-up" : "green-up", density: "normal",
  flash: "on", sound: "on", shortcuts: "on", rail: "wide",
});

/** Takes over the values that are known and leaves the rest alone. */
export function adopt(values: Record<string, unknown> | null | undefined): void {
  if (!values) return;
  if (isLocale(values.language)) preferences.language = values.language;
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = values[name];
    if ((choices as readonly unknown[]).includes(value)) (preferences as unknown as Record<string, unknown>)[name] = value;
  }
}

function readStored(): Record<string, unknown> | null {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? "null") as Record<string, unknown> | null;
  } catch {
    return null;
  }
}

/** Applies preferences to the document now and whenever they change. */
export async function bindPreferences(): Promise<void> {
  adopt(readStored());
  await setLocale(preferences.language);
  const prefersLight = matchMedia("(prefers-color-scheme: light)");
  const apply = () => {
    const root = document.documentElement.dataset;
    root.theme = preferences.theme === "system" ? (prefersLight.matches ? "light" : "dark") : preferences.theme;
    root.direction = preferences.direction;
    root.density = preferences.density;
    root.flash = preferences.flash;
    localStorage.setItem(STORED, JSON.stringify(preferences));
  };
  prefersLight.addEventListener("change", apply);
  watchEffect(apply);
  watchEffect(() => void setLocale(preferences.language));
}
