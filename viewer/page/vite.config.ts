// How the page is built: one script, one style sheet, no request to anywhere else.
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: {
    outDir: "../multiplane_viewer/built",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: "es2022",
    chunkSizeWarningLimit: 1000,
  },
});
