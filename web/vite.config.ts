import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));
const outDir = process.env.DAYLONG_WEB_OUT ?? join(root, "../dist/web");

/** Writes `.br` and `.gz` beside every text that is worth it: the server sends them as they are. */
const compress = (): Plugin => ({
  name: "compress",
  closeBundle() {
    for (const name of readdirSync(outDir, { recursive: true }) as string[]) {
      const path = join(outDir, name);
      if (!/\.(html|js|css|svg|webmanifest)$/.test(name) || statSync(path).size < 512) continue;
      const content = readFileSync(path);
      const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
      writeFileSync(`${path}.br`, brotliCompressSync(content, { params: quality }));
      writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
    }
  },
});

export default defineConfig({
  root,
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir,
    emptyOutDir: true,
    target: ["es2022", "safari16"],
    // Data addresses would need a wider content security policy.
    assetsInlineLimit: 0,
    // The built files name each other without `eval` or inline scripts.
    modulePreload: { polyfill: false },
  },
  plugins: [compress()],
});
