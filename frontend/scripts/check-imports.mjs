/**
 * The frontend's import contract: imports point one way, and features never know each other.
 * Layers, from the top: app, features, commands, market, ui, live, api, i18n, format. `main.ts` composes.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../src", import.meta.url));
const MAY_IMPORT = {
  app: ["app", "features", "commands", "market", "ui", "live", "api", "session", "i18n", "format", "styles"],
  features: ["commands", "market", "ui", "live", "api", "session", "i18n", "format"],
  commands: ["commands", "market", "ui", "live", "api", "session", "i18n", "format"],
  market: ["market", "ui", "live", "api", "session", "i18n", "format"],
  live: ["live", "api", "format"],
  session: ["session", "api", "i18n", "ui"],
  ui: ["ui", "i18n", "format"],
  api: ["api"],
  i18n: ["i18n"],
  format: ["format"],
};
const files = readdirSync(root, { recursive: true }).filter((name) => /\.(ts|vue)$/.test(name) && !name.endsWith(".d.ts"));
const problems = [];
for (const file of files) {
  const [layer, feature] = file.split("/");
  if (!(layer in MAY_IMPORT)) continue;
  for (const [, spec] of readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
    if (!spec.startsWith("@/") && !spec.startsWith(".")) continue;
    const target = spec.startsWith("@/") ? spec.slice(2) : normalize(join(dirname(file), spec));
    const [targetLayer, targetFeature] = target.split("/");
    const sameFeature = layer === "features" && targetLayer === "features" && feature === targetFeature;
    if (!sameFeature && !MAY_IMPORT[layer].includes(targetLayer)) problems.push(`${file} imports ${spec}`);
  }
}
for (const problem of problems) console.error(`import contract broken: ${problem}`);
console.log(`${files.length} files checked, ${problems.length} broken imports`);
process.exit(problems.length ? 1 : 0);
