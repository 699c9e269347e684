import { describe, expect, it } from "vitest";
import { counts, fromText, GROUPS, readWindows, termGroups, toText } from "./terms";

const field = (name: string) => GROUPS.flatMap((group) => group.fields).find((one) => one.name === name)!;

describe("the terms of a program as a form", () => {
  it("reads time windows as a trader writes them and gives them back", () => {
    expect(readWindows("21:00-01:00, 09:00 – 10:15")).toEqual([["21:00", "01:00"], ["09:00", "10:15"]]);
    expect(toText(field("windows"), [["21:00", "01:00"]])).toBe("21:00-01:00");
    expect(readWindows("")).toEqual([]);
    expect(readWindows("9-11")).toBeNull();
  });
  it("tells what cannot be read from what is left empty", () => {
    expect(fromText(field("trigger_value"), "185,5")).toBeUndefined();
    expect(fromText(field("trigger_value"), "")).toBeUndefined();
    expect(fromText(field("residual_max"), "")).toBeNull();
    expect(fromText(field("clip_units"), "2")).toBe(2);
    expect(fromText(field("clip_units"), "2.5")).toBeUndefined();
    expect(fromText(field("trigger_value"), "185.50")).toBe("185.50");
  });
  it("leaves out what a mode does not use", () => {
    expect(counts(field("lead"), "together")).toBe(false);
    expect(counts(field("lead"), "lead_first")).toBe(true);
    const shown = termGroups({ mode: "lead_first", lead: "foreign", requote_ticks: 2, residual_max: null, routes: [] });
    expect(shown.flatMap((group) => group.terms.map(([name]) => name))).toEqual(["mode", "lead"]);
  });
});
