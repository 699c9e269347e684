import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "./en";
import zh from "./zh-CN";

type Tree = { [key: string]: string | Tree };
const flatten = (tree: Tree, prefix = ""): Map<string, string> =>
  new Map(Object.entries(tree).flatMap(([key, value]) => (typeof value === "string" ? [[`${prefix}${key}`, value] as const] : [...flatten(value, `${prefix}${key}.`)])));
const ENGLISH = flatten(en);
const CHINESE = flatten(zh);
const placeholders = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort().join(",");
const source = join(import.meta.dirname, "..");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => /\.(vue|ts)$/.test(name) && !/\.test\.ts$|i18n\/(en|zh-CN)/.test(name));

describe("the two catalogues", () => {
  it("have the same keys", () => {
    expect([...CHINESE.keys()].sort()).toEqual([...ENGLISH.keys()].sort());
  });
  it("fill the same places", () => {
    const differ = [...ENGLISH].filter(([key, text]) => placeholders(text) !== placeholders(CHINESE.get(key) ?? "")).map(([key]) => key);
    expect(differ).toEqual([]);
  });
  it("contain every key the screens name", () => {
    const missing: string[] = [];
    for (const file of files)
      for (const [, key] of readFileSync(join(source, file), "utf8").matchAll(/\bt\(\s*["']([\w.-]+)["']/g)) if (key && !ENGLISH.has(key)) missing.push(`${file}: ${key}`);
    expect(missing).toEqual([]);
  });
  it("say 境内 and 境外, never 内盘 or 外盘, which mean something else on a quote screen", () => {
    expect([...CHINESE.values()].filter((text) => /内盘|外盘/.test(text))).toEqual([]);
  });
  it("keep sentences out of the screens", () => {
    const hard = files.filter((name) => name.endsWith(".vue")).flatMap((name) => {
      const template = readFileSync(join(source, name), "utf8").match(/<template>[\s\S]*<\/template>/)?.[0] ?? "";
      const text = template.replace(/<!--[\s\S]*?-->/g, "").replace(/\{\{[\s\S]*?\}\}/g, "").replace(/<(?:"[^"]*"|'[^']*'|[^>"'])*>/g, "\n");
      return [...text.matchAll(/[A-Za-z\u4e00-\u9fff]{3,}(?: [A-Za-z]+)*/g)].map(([found]) => `${name}: ${found}`);
    });
    expect(hard).toEqual([]);
  });
});
