/** Compares the built bundle with its budgets (kilobytes, gzip -9 for text; fonts as they are). Exit 1 when one is exceeded. */
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const assets = readdirSync(new URL("assets/", dist));
const read = (name) => readFileSync(new URL(`assets/${name}`, dist));
const gz = (name) => gzipSync(read(name), { level: 9 }).length / 1000;
const total = (names, size) => names.reduce((sum, name) => sum + size(name), 0);

const scripts = assets.filter((name) => name.endsWith(".js"));
const html = readFileSync(new URL("index.html", dist), "utf8");
const first = scripts.filter((name) => html.includes(name));
const rows = [
  ["JS, all routes", total(scripts, gz), 300],
  ["JS, before the first route", total(first, gz), 150],
  ["JS, largest lazy chunk", Math.max(0, ...scripts.filter((n) => !first.includes(n)).map(gz)), 60],
  ["CSS", total(assets.filter((n) => n.endsWith(".css")), gz), 30],
  ["Fonts (woff2)", total(assets.filter((n) => n.endsWith(".woff2")), (n) => read(n).length / 1000), 30],
];
let failed = false;
for (const [what, actual, budget] of rows) {
  const over = actual > budget;
  failed ||= over;
  console.log(`${over ? "OVER" : "ok  "}  ${what.padEnd(28)} ${actual.toFixed(1).padStart(7)} kB of ${budget} kB`);
}
process.exit(failed ? 1 : 0);
