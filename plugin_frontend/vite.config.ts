import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

const OUT = "../tb_cnnviz/plugin/static";
const WORKER = "src/gl/worker.ts";

/** Two builds, because each of the two files has to stand alone: the plugin serves no third one. */
export default defineConfig(({ mode }) => {
  const worker = mode === "worker";
  return {
    build: {
      outDir: OUT,
      emptyOutDir: !worker,
      target: "es2022",
      minify: true,
      lib: {
        entry: worker ? (existsSync(WORKER) ? WORKER : "src/data/no_worker.ts") : "src/main.ts",
        formats: ["es"],
        fileName: () => (worker ? "worker.js" : "index.js"),
      },
      copyPublicDir: false,
    },
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    test: { include: ["tests/**/*.test.ts", "src/**/*.test.ts"], environment: "node", testTimeout: 30_000 },
  };
});
