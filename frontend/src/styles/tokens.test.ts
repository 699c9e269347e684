import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const source = join(import.meta.dirname, "..");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => /\.(vue|css)$/.test(name) && name !== join("styles", "tokens.css"));
const read = (name: string) => readFileSync(join(source, name), "utf8");
const styleOf = (name: string) => (name.endsWith(".vue") ? [...read(name).matchAll(/<style[\s\S]*?<\/style>/g)].join("\n") : read(name));
const tokens = read("styles/tokens.css");
const defined = new Set([...tokens.matchAll(/(--[\w-]+)\s*:/g)].map((match) => match[1]));

describe("colors", () => {
  it("are named only in the tokens file", () => {
    const literal = files.flatMap((name) => [...styleOf(name).matchAll(/#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch)\(|:\s*(?:white|black|red|green|blue|gray|orange|yellow)\b/gi)].map(([found]) => `${name}: ${found}`));
    expect(literal).toEqual([]);
  });
  it("refer to tokens that exist", () => {
    const local = new Set(["--hold", "--rail"]);
    const unknown = files.flatMap((name) => [...styleOf(name).matchAll(/var\((--[\w-]+)/g)].filter(([, token]) => !defined.has(token!) && !local.has(token!) && !token!.startsWith("--reka")).map(([, token]) => `${name}: ${token}`));
    expect(unknown).toEqual([]);
  });
  it("exist in both themes", () => {
    const names = (theme: string) => [...(tokens.match(new RegExp(`\\[data-theme="${theme}"\\] \\{([\\s\\S]*?)\\n\\}`))?.[1] ?? "").matchAll(/(--[\w-]+)\s*:/g)].map((match) => match[1]).sort();
    expect(names("light")).toEqual(names("dark"));
    expect(names("light").length).toBeGreaterThan(20);
  });
  it("give direction one pair that every palette sets", () => {
    for (const palette of ["red-up", "green-up", "cvd", "mono"]) expect(tokens).toMatch(new RegExp(`\\[data-direction="${palette}"\\] \\{ --dir-up: [^;]+; --dir-down: [^;]+; \\}`));
  });
});
