// How the page is built: one script, one style sheet, no request to anywhere else; three's licence goes along.
import { readFileSync } from "node:fs";
import { defineConfig } from "vite";

const licence = readFileSync(new URL("node_modules/three/LICENSE", import.meta.url), "utf8");

export default defineConfig({
  base: "./",
  build: {
    outDir: "../multiplane_viewer/built",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: "es2022",
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { output: { postBanner: `/*! This file holds three.js:\n\n${licence.trim()}\n*/` } },
  },
});
