import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import subsetFont from "subset-font";
import type { Plugin } from "vite";

const ASCII = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");
const TEXT = `${ASCII}×·±≥≤−–—…°σµ“”‘’→←↑↓`;
const PREFIX = "virtual:latin-font/";

/** Latin letters, digits and signs of IBM Plex Sans, cut at build time so that both weights stay under 30 kB. */
export function latinSubset(): Plugin {
  const resolve = createRequire(import.meta.url).resolve;
  let isBuild = false;
  return {
    name: "latin-subset",
    configResolved: (config) => {
      isBuild = config.command === "build";
    },
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    async load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return undefined;
      const weight = id.slice(PREFIX.length + 1);
      const file = resolve(`@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-${weight}-normal.woff2`);
      const source = await subsetFont(await readFile(file), TEXT, { targetFormat: "woff2" });
      if (!isBuild) return `export default "data:font/woff2;base64,${Buffer.from(source).toString("base64")}"`;
      const reference = this.emitFile({ type: "asset", name: `plex-sans-${weight}.woff2`, source });
      return `export default import.meta.ROLLUP_FILE_URL_${reference}`;
    },
  };
}
