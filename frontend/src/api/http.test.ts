import { describe, expect, it } from "vitest";
import { address, parseExact } from "./http";

describe("answers of the server", () => {
  it("keep nanoseconds exact by turning integers beyond 2^53 into digit strings", () => {
    expect(parseExact('{"at_ns":1768223051204318501,"lots":5,"rate":0.5}')).toEqual({ at_ns: "1768223051204318501", lots: 5, rate: 0.5 });
  });
});

describe("an address", () => {
  it("leaves out filters that are not set and escapes the rest", () => {
    expect(address("executions", { pair: "CU-SHFE-LME", outcome: "", from: null, q: "a b&c" })).toBe("/api/executions?pair=CU-SHFE-LME&q=a+b%26c");
  });
});
