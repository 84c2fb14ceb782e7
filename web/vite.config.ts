// What is built here ends up in the binary (cmake/web.cmake). No inlined files and no polyfills: the page's
// Content-Security-Policy allows neither data: addresses nor scripts beside the built ones.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
  cacheDir: process.env["DOCMIND_WEB_CACHE"] ?? "../build/web-cache",
  build: {
    target: "es2024",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // One script and one style sheet: all pages together are smaller than one picture, and a first view is few requests.
    cssCodeSplit: false,
    rolldownOptions: { output: { codeSplitting: false } },
  },
  // `npm run dev` beside a running `docmind serve`.
  server: { proxy: Object.fromEntries(["/api", "/health", "/metrics"].map((at) => [at, "http://127.0.0.1:8080"])) },
});
