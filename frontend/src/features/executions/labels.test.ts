import { beforeEach, describe, expect, it } from "vitest";
import type { Step } from "@/api/types";
import { i18n } from "@/i18n";
import en from "@/i18n/en";
import zh from "@/i18n/zh-CN";
import { optionReason, stepLabel, stepValue } from "./labels";

const step = (label: string, values: Record<string, string>) => ({ key: "1", label_key: `step.${label}`, values }) as unknown as Step;

i18n.global.setLocaleMessage("en", en as never);
i18n.global.setLocaleMessage("zh-CN", zh as never);
const speak = (locale: string) => (i18n.global.locale.value = locale);

describe("the words of a waterfall", () => {
  beforeEach(() => void speak("en"));
  it("write the trigger with the decimals of its measure and with its threshold", () => {
    expect(stepLabel(step("trigger", { measure: "spread", value: "193.127035", threshold: "185" }))).toBe("Trigger: 193.1 against 185.0");
    expect(stepLabel(step("trigger", { measure: "ratio", value: "8.15204", threshold: "8.15" }))).toBe("Trigger: 8.1520 against 8.1500");
  });
  it("name the version of the limits without its hash", () => {
    expect(stepLabel(step("risk_checked", { limits_version: "1:b1f45170a500" }))).toBe("Risk checks passed, limits version 1");
  });
  it("say in Chinese what a roll-back trades", () => {
    speak("zh-CN");
    expect(stepLabel(step("unwind", { lots: "sell 5 SHFE.cu2703 buy 1 LME.CA-3M" }))).toBe("决定回滚：卖 SHFE.cu2703 5 手 + 买 LME.CA-3M 1 手");
    expect(stepValue("is_answered", "no", {})).toBe("否");
  });
  it("explain in both languages why a way out was not taken", () => {
    expect(optionReason("nothing is working that could still fill by itself")).toBe("nothing is working that could still fill by itself");
    speak("zh-CN");
    expect(optionReason("nothing is working that could still fill by itself")).toBe("没有仍可能自行成交的委托");
    expect(optionReason("LME.CA-3M: the venue rejected this side before")).toBe("LME.CA-3M：交易所此前已拒绝该方向");
    expect(optionReason("costs 657.18, 200.00 left in the budget")).toBe("成本 657.18，额度只剩 200.00");
    expect(optionReason("5 t naked, waiting is allowed up to 2.5 t")).toBe("敞口 5 t，只许在 2.5 t 以内等待");
    expect(optionReason("priority, short of depth")).toBe("按优先级，盘口深度不足");
    expect(optionReason("SHFE.cu2703: no margin at SHFE for more; LME.CA-3M: its venue is down")).toBe("SHFE.cu2703：SHFE 保证金不足; LME.CA-3M：交易所未连接");
  });
});
