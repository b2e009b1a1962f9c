import { defineConfig } from "vitest/config";
import { minifyTemplates } from "./minify_templates.ts";

/** `index.js`, which TensorBoard loads, and files named by a hash, which the plugin lets the browser keep. */
export default defineConfig({
  base: "./",
  plugins: [minifyTemplates()],
  build: {
    outDir: "../tb_cnnviz/plugin/static",
    emptyOutDir: true,
    target: "es2022",
    minify: true,
    copyPublicDir: false,
    modulePreload: false,
    rolldownOptions: {
      input: "src/index.ts",
      preserveEntrySignatures: "strict",
      output: {
        entryFileNames: "index.js",
        chunkFileNames: "[name]-[hash].js",
        // What two views share comes in one request, not in twenty.
        codeSplitting: { groups: [{ name: "shared", minShareCount: 2 }] },
      },
    },
  },
  test: { include: ["tests/**/*.test.ts", "src/**/*.test.ts"], environment: "node", testTimeout: 30_000 },
});
