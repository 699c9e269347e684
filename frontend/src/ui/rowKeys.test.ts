import { describe, expect, it } from "vitest";
import { nextRow } from "./rowKeys";

describe("the keyboard of a table", () => {
  it("starts at the top and stops at both ends", () => {
    expect([nextRow("j", -1, 3), nextRow("j", 2, 3), nextRow("k", 0, 3), nextRow("End", 0, 3), nextRow("Home", 2, 3)]).toEqual([0, 2, 0, 2, 0]);
  });
  it("ignores keys that do not move, and an empty table", () => {
    expect([nextRow("x", 0, 3), nextRow("j", -1, 0)]).toEqual([null, null]);
  });
});
