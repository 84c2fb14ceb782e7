// What a browser shows first, and when: node first_view.mjs ADDRESS RUNS; one line of JSON a run, each with an empty cache.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { chromium } = createRequire(join(root, "web/package.json"))("playwright-core");
const [address, runs] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
for (let run = 0; run < Number(runs); run++) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const tab = await context.newPage();
  tab.setDefaultTimeout(120_000);
  await tab.goto(address);
  await tab.getByRole("textbox", { name: "Ask about your documents" }).waitFor();
  const seen = await tab.evaluate(async () => {
    const largest = await new Promise((done) => new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime)).observe({ type: "largest-contentful-paint", buffered: true }));
    const shifted = performance.getEntriesByType("layout-shift").reduce((sum, one) => sum + one.value, 0);
    const [page] = performance.getEntriesByType("navigation");
    const files = [page, ...performance.getEntriesByType("resource").filter((one) => new URL(one.name).pathname.startsWith("/assets/"))];
    return {
      first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
      largest,
      shifted,
      interactive: page.domInteractive,
      bytes: files.reduce((sum, one) => sum + one.encodedBodySize, 0),
    };
  });
  console.log(JSON.stringify(seen));
  await context.close();
}
await browser.close();
