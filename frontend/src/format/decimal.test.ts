import { describe, expect, it } from "vitest";
import { compare, fixed, percent, price, quantity, ratio, signed, subtract } from "./decimal";

describe("prices", () => {
  it("keep exactly the tick's decimals and every digit they came with", () => {
    expect(price("79470")).toBe("79,470");
    expect(price("9748", "0.5")).toBe("9,748.0");
    expect(price("9748.50", "0.5")).toBe("9,748.5");
    expect(price("4.41355", "0.0005")).toBe("4.41355");
    expect(price("7.9470E+4")).toBe("79,470");
  });
  it("survive values that a floating point number would change", () => {
    expect(price("90071992547409931.1")).toBe("90,071,992,547,409,931.1");
  });
  it("tell a missing price from zero and from nonsense", () => {
    expect([price(null), price("0"), price("NaN")]).toEqual(["--", "0", "?"]);
  });
});

describe("figures", () => {
  it("carry a true minus and an explicit plus", () => {
    expect(signed("-162.94", 1)).toBe("\u2212162.9");
    expect(signed("144.75", 1)).toBe("+144.8");
    expect(signed("0.04", 1)).toBe("0.0");
  });
  it("round half away from zero on the exact digits", () => {
    expect(fixed("8.15205", 4)).toBe("8.1521");
    expect(fixed("-8.15205", 4)).toBe("\u22128.1521");
    expect(fixed("8", 4)).toBe("8.0000");
  });
  it("show rates as percent and quantities without idle zeros", () => {
    expect(percent("0.000084", 4)).toBe("0.0084");
    expect(quantity("25.00")).toBe("25");
    expect(quantity("0.4536")).toBe("0.4536");
  });
  it("show a ratio with four decimals, and with one where unlike units make it long", () => {
    expect(ratio("8.15204")).toBe("8.1520");
    expect(ratio("17781.2605")).toBe("17,781.3");
    expect(ratio(null)).toBe("--");
  });
  it("compare and subtract exactly", () => {
    expect(compare("9748.50", "9748.5")).toBe(0);
    expect(compare("0.1", "0.09999999999999999999")).toBe(1);
    expect(compare(null, "1")).toBeNull();
    expect(subtract("8.1600", "8.1520")).toBe("0.0080");
    expect(subtract("1", "1234.5")).toBe("-1233.5");
  });
});
