import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { i18n } from "@/i18n";
import en from "@/i18n/en";
import zh from "@/i18n/zh-CN";
import { sentence } from "./sentence";

i18n.global.setLocaleMessage("en", en as never);
i18n.global.setLocaleMessage("zh-CN", zh as never);
const speak = (locale: string) => (i18n.global.locale.value = locale);

describe("an alert in Chinese", () => {
  beforeAll(() => void speak("zh-CN"));
  afterAll(() => void speak("en"));
  it("names the reason, not its key", () => {
    expect(sentence({ text_key: "alert.disarmed", rule: "disarmed", values: { program: "CU-LME-SELL", reason: "ttl" } })).toBe("CU-LME-SELL 自动停用：有效期已到。");
  });
  it("names a threshold with its unit", () => {
    const values = { kind: "naked_lots_max", subject: "SHFE.cu2703", value: "7", bound: "6", unit: "lots" };
    expect(sentence({ text_key: "alert.threshold", rule: "naked", values })).toBe("SHFE.cu2703 的敞口上限：7 手，界线 6。");
  });
  it("shows a rule without words as it came", () => {
    expect(sentence({ text_key: "alert.new_rule", rule: "new_rule", values: { lots: "3" } })).toBe("new rule: lots 3");
  });
});
