// Whoever uses a keyboard, a screen reader, a small screen or the dark.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { ferries } from "./documents.mjs";
import { ask, assertAccessible, counted, root, scenario, withAxe } from "./harness.mjs";

// WCAG 2.2, relative luminance and contrast ratio.
function contrast(a, b) {
  const light = (hex) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [x, y] = [light(a), light(b)].sort((a, b) => b - a);
  return (x + 0.05) / (y + 0.05);
}

test("colours: every pair of ink and ground that is used has 4.5:1, edges and marks 3:1, light and dark", () => {
  const css = readFileSync(join(root, "web/src/look/tokens.css"), "utf8");
  const tokens = new Map([...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, ...pair]) => [name, pair]));
  const pairs = [];
  for (const ground of ["page", "card", "inset"]) for (const ink of ["ink", "muted", "accent", "ok", "warning", "danger", "general"]) pairs.push([ink, ground, 4.5]);
  for (const kind of ["accent", "ok", "warning", "danger", "general"]) pairs.push([kind, `${kind}-tint`, 4.5], ["ink", `${kind}-tint`, 4.5]);
  pairs.push(["on-accent", "accent", 4.5], ["ink", "marker", 4.5], ["edge", "card", 3], ["edge", "page", 3], ["marker-line", "card", 3]);
  for (const [ink, ground, least] of pairs) {
    for (const theme of [0, 1]) {
      const ratio = contrast(tokens.get(ink)[theme], tokens.get(ground)[theme]);
      assert.ok(ratio >= least, `${ink} on ${ground}, ${theme === 0 ? "light" : "dark"}: ${ratio.toFixed(2)}`);
    }
  }
});

const views = {
  "/": async () => {},
  "/library": async () => {},
  "/search?q=ferry": (tab) => tab.getByText("best first").waitFor(),
  "/models": (tab) => tab.getByRole("heading", { name: "Pull from a model hub" }).waitFor(),
  "/dashboard": (tab) => tab.getByText("Asked", { exact: true }).waitFor(),
  "/settings": (tab) => tab.locator("li[id]").nth(5).waitFor(),
  "/help": async () => {},
  "/nothing": (tab) => tab.getByRole("heading", { name: "This page does not exist." }).waitFor(),
  chat: async (tab) => {
    await ask(tab, "Who built the ferry Aurora?");
    await tab.locator("[data-chip]").first().click();
    await tab.getByText(/^Quote 1 of/).waitFor();
  },
  abstained: (tab) => ask(tab, "Who won the chess championship in 1985?"),
};
const sizes = { phone: { width: 360, height: 740 }, desk: { width: 1280, height: 800 } };

for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ["light", "dark"]) {
    scenario(`EE39 axe on every view: ${colorScheme}, ${viewport.width} px`, { prepare: (site) => site.ingest(ferries) }, async ({ site, open }) => {
      const tab = await open("/", { viewport, colorScheme });
      await withAxe(tab);
      for (const [view, ready] of Object.entries(views)) {
        await tab.goto(site.address + (view.startsWith("/") ? view : "/"));
        await tab.getByRole("heading", { level: 1 }).first().waitFor();
        await ready(tab);
        await assertAccessible(tab, view);
        // Nothing is cut off sideways.
        assert.ok(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${view} ${size} is wider than the screen`);
      }
    });
  }
}

scenario("EE39 tab walk: every view by keyboard, no trap, the ring is seen", { prepare: (site) => site.ingest(ferries) }, async ({ site, open }) => {
  const tab = await open("/");
  for (const path of ["/", "/library", "/search", "/models", "/dashboard", "/settings", "/help"]) {
    await tab.goto(site.address + path);
    await tab.getByRole("heading", { level: 1 }).first().waitFor();
    await tab.getByRole("link", { name: "Skip to the page" }).focus();
    const seen = [];
    for (let step = 0; step < 400; step++) {
      await tab.keyboard.press("Tab");
      const now = await tab.evaluate(() => {
        const one = document.activeElement;
        if (one === document.body) return null;
        const style = getComputedStyle(one);
        const ringed = style.outlineStyle !== "none" || one.closest(".box") !== null || one.type === "checkbox" || one.type === "radio";
        window.marks ??= new Map();
        if (!window.marks.has(one)) window.marks.set(one, window.marks.size);
        return { id: window.marks.get(one), name: one.getAttribute("aria-label") ?? one.textContent.trim().slice(0, 40), ringed };
      });
      if (now === null || seen.some((one) => one.id === now.id)) break; // Around.
      assert.ok(now.ringed, `${path}: no ring on ${now.name}`);
      seen.push(now);
    }
    assert.ok(seen.length >= 9 && seen.length < 400, `${path}: ${seen.length} stops: ${seen.map((one) => one.name)}`);
    for (const name of ["New chat", "Library", "Help"]) assert.ok(seen.some((one) => one.name === name), `${path}: ${name} is reached`);
  }
});

scenario("keys: places, the list of keys, and none of them while typing", {}, async ({ open }) => {
  const tab = await open("/library");
  await tab.getByText("Nothing here yet.").waitFor();
  await tab.keyboard.press("g");
  await tab.keyboard.press("s");
  await tab.locator("h1:focus").getByText("Settings").waitFor(); // A new page begins at its heading.
  assert.equal(await tab.title(), "Settings · DocMind");
  await tab.keyboard.press("/");
  await tab.keyboard.type("g d?");
  assert.equal(await tab.getByRole("searchbox").inputValue(), "g d?");
  await tab.getByRole("heading", { name: "Settings" }).focus();
  await tab.keyboard.press("?");
  await tab.getByRole("dialog", { name: "Keys" }).waitFor();
  await tab.keyboard.press("Escape");
  await tab.getByRole("dialog").waitFor({ state: "detached" });
  // Whoever speaks to a computer switches single keys off.
  await tab.getByRole("checkbox", { name: /^Single keys/ }).uncheck();
  await tab.reload();
  await tab.getByRole("checkbox", { name: /^Single keys/ }).waitFor();
  await tab.keyboard.press("g");
  await tab.keyboard.press("l");
  await tab.keyboard.press("F6");
  assert.equal(await tab.evaluate(() => document.activeElement.tagName), "NAV");
  await tab.keyboard.press("F6");
  assert.equal(await tab.evaluate(() => document.activeElement.tagName), "MAIN");
  assert.match(tab.url(), /settings$/);
});

scenario("an unknown address says so, with the way back", {}, async ({ open }) => {
  const tab = await open("/no/such/page");
  await tab.getByRole("heading", { name: "This page does not exist." }).waitFor();
  await tab.getByRole("link", { name: "Go to Chat" }).click();
  await tab.getByRole("textbox", { name: "Ask about your documents" }).waitFor();
});

scenario("palette: places, documents, actions, and a question that is nothing of these", { prepare: (site) => site.ingest(ferries) }, async ({ open }) => {
  const tab = await open("/library");
  await tab.getByRole("link", { name: "ferries.md" }).waitFor();
  const palette = tab.getByRole("combobox");
  await tab.keyboard.press("Control+k");
  await palette.fill("dash");
  await tab.getByRole("option", { name: /Dashboard/, selected: true }).waitFor();
  await tab.keyboard.press("Enter");
  await tab.getByRole("heading", { name: "Dashboard", level: 1 }).waitFor();
  await tab.keyboard.press("Control+k");
  await palette.fill("@fer");
  await counted(tab.getByRole("option"), 1);
  await tab.keyboard.press("Enter");
  await tab.getByRole("heading", { name: "ferries.md" }).waitFor();
  await tab.keyboard.press("Control+k");
  await palette.fill(">dark");
  await tab.keyboard.press("Enter");
  assert.equal(await tab.evaluate(() => document.documentElement.dataset.theme), "dark");
  await tab.keyboard.press("Control+k");
  await palette.fill("search.k");
  await tab.getByRole("option", { name: "search.k", exact: true }).waitFor();
  await tab.keyboard.press("Escape");
  await palette.waitFor({ state: "detached" });
  await tab.keyboard.press("Control+k");
  await palette.fill("Who built the ferry Aurora?");
  await tab.getByText("Nothing found. ↵ asks this in Chat.").waitFor();
  await tab.keyboard.press("Enter");
  await tab.locator("article[data-turn]").getByText("Anna Weber").first().waitFor();
});
