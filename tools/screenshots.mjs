// Pictures of every page, light and dark, some on a small screen, of a real server that has read real documents: into docs/screenshots/.
// ./dev screenshots, or node tools/screenshots.mjs [FOLDER [PART OF A NAME]]
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ask, browse, faq, fixture, root, Site } from "../tests/e2e/web/harness.mjs";
import { importTiny } from "../tests/e2e/web/hub.mjs";

const folder = process.argv[2] ?? join(root, "docs/screenshots");
const wanted = process.argv[3] ?? "";
mkdirSync(folder, { recursive: true });
const wide = { width: 1280, height: 800 };
const narrow = { width: 360, height: 740 };

const pages = {
  "first-run": { empty: true, path: "/", small: true },
  chat: { path: "/", small: true, after: converse },
  page: { path: "/", small: true, after: async (tab) => (await converse(tab), await openSource(tab)) },
  preview: { path: "/", after: async (tab) => (await converse(tab), await hover(tab)) },
  abstained: { path: "/", after: (tab) => ask(tab, "Who won the chess championship in 1985?") },
  library: { path: "/library", small: true },
  palette: { path: "/library", after: (tab) => tab.keyboard.press("Control+k") },
  search: { path: "/search?q=bug%20tracking%20system", after: (tab) => tab.getByText("best first").waitFor() },
  models: { path: "/models", after: plan },
  dashboard: { path: "/dashboard", after: (tab) => tab.getByText("Asked", { exact: true }).waitFor() },
  settings: { path: "/settings", after: (tab) => tab.getByText("search.k").waitFor() },
  help: { path: "/help" },
};

async function converse(tab) {
  await ask(tab, "What is the Bug Tracking System?");
  await ask(tab, "Who wrote it?");
}

async function openSource(tab) {
  await tab.locator("[data-chip]").first().click();
  await tab.getByText("Quote 1 of").waitFor();
  await tab.locator("aside figure rect").first().waitFor();
}

async function hover(tab) {
  await tab.locator("[data-chip]").first().hover();
  await tab.getByRole("button", { name: "Open page" }).waitFor();
}

async function plan(tab) {
  await tab.getByRole("textbox", { name: "Context, in tokens" }).fill("32768");
  await tab.getByRole("button", { name: "Plan" }).click();
  await tab.getByText("Fits:").first().waitFor();
  await tab.mouse.wheel(0, -10_000);
}

// The stream of events never ends: no page is ever without a request.
async function settled(tab) {
  await tab.getByRole("heading", { level: 1 }).first().waitFor();
  await tab.waitForTimeout(1000);
}

// Each page begins with the same few chats.
async function forgetChats(site) {
  const { sessions } = await site.json("/api/sessions");
  for (const { session } of sessions) await site.json(`/api/sessions/${encodeURIComponent(session)}`, { method: "DELETE" });
}

const filled = await Site.start({}, (site) => importTiny(site, "tiny"));
const empty = await Site.start();
filled.ingest(faq(), fixture("boats.md"), fixture("stores.pdf"), fixture("birds.epub"), fixture("weather.html"));
const browser = await browse();
for (const [name, page] of Object.entries(pages)) {
  if (!name.includes(wanted)) continue;
  for (const [size, viewport] of Object.entries(page.small ? { wide, narrow } : { wide })) {
    for (const colorScheme of size === "wide" ? ["light", "dark"] : ["light"]) {
      await forgetChats(filled);
      const tab = await (await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" })).newPage();
      await tab.goto((page.empty ? empty : filled).address + page.path);
      await settled(tab);
      await page.after?.(tab);
      await settled(tab);
      const file = `${name}-${size === "wide" ? colorScheme : "narrow"}.png`;
      await tab.screenshot({ path: join(folder, file) });
      console.log(file);
      await tab.context().close();
    }
  }
}
await browser.close();
await filled.stop();
await empty.stop();
