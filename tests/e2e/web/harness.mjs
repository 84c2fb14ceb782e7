// A real server on a free port with an empty data directory, and Debian's Chromium in front of it. Each request of the browser is
// written down: one to another host, or one that the page's policy refused, fails the test that made it.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const binary = process.env.DOCMIND_BINARY ?? join(root, "build/docmind");
const required = createRequire(join(root, "web/package.json"));
const chromium = "/usr/bin/chromium";
const axeSource = readFileSync(required.resolve("axe-core/axe.min.js"), "utf8");
const { chromium: driver } = required("playwright-core");

export const missing = existsSync(chromium) ? false : `${chromium} is not installed: ./dev setup does it`;

// A manual of a Debian package as bytes, packed or not.
export function manual(path) {
  return existsSync(path) ? readFileSync(path) : gunzipSync(readFileSync(path + ".gz"));
}
export const faq = () => ({ name: "debian-faq.pdf", bytes: manual("/usr/share/doc/debian/FAQ/debian-faq.en.pdf") });
export const policy = () => ({ name: "policy.pdf", bytes: manual("/usr/share/doc/debian-policy/policy.pdf") });
export const reference = () => ({ name: "developers-reference.pdf", bytes: manual("/usr/share/developers-reference/developers-reference.pdf") });
export const fixture = (name) => ({ name, bytes: readFileSync(join(root, "tests/fixtures", name)) });

export class Site {
  static async start(settings = {}, furnish = () => {}) {
    const site = new Site();
    site.binary = binary;
    site.folder = mkdtempSync(join(tmpdir(), "docmind-web-"));
    site.environment = {
      PATH: "/usr/bin:/bin",
      HOME: site.folder,
      LANG: "C.UTF-8",
      XDG_RUNTIME_DIR: site.folder,
      DOCMIND_CACHE__ENABLED: "false",
      ...settings,
    };
    furnish(site);
    await site.launch("0");
    return site;
  }

  async launch(port) {
    this.process = spawn(binary, ["--data", join(this.folder, "data"), "serve", "--port", port], { env: this.environment, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    this.process.stderr.on("data", (piece) => (said += piece));
    this.address = await new Promise((done, failed) => {
      let line = "";
      this.process.stdout.on("data", (piece) => {
        line += piece;
        const found = /listening on (http:\S+)/.exec(line);
        if (found) done(found[1]);
      });
      this.process.on("exit", () => failed(new Error(said)));
    });
  }

  async end(signal) {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = new Promise((done) => this.process.once("exit", done));
    this.process.kill(signal);
    await gone;
  }

  // Killed, and started again under the same address.
  async restart() {
    await this.end("SIGKILL");
    await this.launch(new URL(this.address).port);
  }

  async stop() {
    await this.end("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }

  file({ name, bytes }) {
    const path = join(this.folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  // A command beside the server, or before it; what it said as JSON.
  docmind(...words) {
    return JSON.parse(execFileSync(binary, ["--data", join(this.folder, "data"), ...words, "--json"], { env: this.environment, stdio: "pipe" }));
  }

  // Documents that a test does not upload itself.
  ingest(...files) {
    const paths = files.map((one) => this.file(one));
    execFileSync(binary, ["--data", join(this.folder, "data"), "ingest", ...paths], { env: this.environment, stdio: "pipe" });
  }

  async json(path, options) {
    return (await fetch(this.address + path, options)).json();
  }
}

export const browse = () => driver.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });

// A tab of its own with what it asked for and what it complained about.
async function openTab(browser, site, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  const tab = await context.newPage();
  tab.setDefaultTimeout(30_000);
  tab.log = { requests: [], open: new Set(), outside: [], complaints: [], dialogs: 0 };
  const answered = (request) => tab.log.open.delete(request);
  context.on("requestfinished", answered);
  context.on("requestfailed", answered);
  context.on("request", (request) => {
    tab.log.requests.push(request.url());
    if (!request.url().endsWith("/api/events")) tab.log.open.add(request); // That one has no end.
    if (![site.address, site.also].some((own) => own && request.url().startsWith(own))) tab.log.outside.push(request.url());
  });
  tab.on("console", (message) => message.type() === "error" && tab.log.complaints.push(message.text()));
  tab.on("pageerror", (error) => tab.log.complaints.push(String(error)));
  tab.on("dialog", (dialog) => {
    tab.log.dialogs++;
    void dialog.dismiss();
  });
  return tab;
}

// What no page may ever do. A failed request is said on the console too and is no fault of the page.
export function assertClean(tab) {
  assert.deepEqual(tab.log.outside, [], "requests to other hosts");
  assert.equal(tab.log.dialogs, 0, "dialogs");
  assert.deepEqual(tab.log.complaints.filter((text) => !text.startsWith("Failed to load resource")), [], "complaints on the console");
}

// From here on a tab can be held to axe's rules.
export async function withAxe(tab) {
  await tab.addInitScript(axeSource);
  await tab.reload();
}

export async function assertAccessible(tab, view) {
  const { violations, passes } = await tab.evaluate(() => window.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const bad = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  assert.deepEqual(bad.map((one) => `${view}: ${one.id}: ${one.nodes[0].html} ${one.nodes[0].failureSummary}`), []);
  assert.ok(passes.length > 15, `${view}: only ${passes.length} rules looked at something`);
}

// One scenario by its name, with a server of its own. `before` and `furnish` (which is given its folder) run before the server
// starts, `prepare` when it is there.
export function scenario(name, { settings = {}, before = () => {}, furnish = () => {}, prepare = () => {}, after = () => {} }, run) {
  test(name, { skip: missing, timeout: 240_000 }, async () => {
    await before();
    const site = await Site.start(typeof settings === "function" ? settings() : settings, furnish);
    const tabs = [];
    let browser;
    try {
      await prepare(site);
      browser = await browse();
      const open = async (path = "/", options) => {
        const tab = await openTab(browser, site, options);
        tabs.push(tab);
        await tab.goto(new URL(path, site.address).href);
        return tab;
      };
      await run({ site, open });
      tabs.forEach(assertClean);
    } finally {
      await browser?.close();
      await site.stop();
      await after();
    }
  });
}

// Puts a question into the chat.
export async function begin(tab, question) {
  await tab.getByRole("textbox", { name: "Ask about your documents" }).fill(question);
  await tab.keyboard.press("Enter");
}

// Asks in the chat and waits for the answer to stand there whole.
export async function ask(tab, question) {
  const turns = await tab.locator("article[data-turn]").count();
  await begin(tab, question);
  const answer = tab.locator("article[data-turn]").nth(turns);
  await answer.waitFor();
  return answer;
}

// Waits until there are exactly so many.
export async function counted(locator, wanted) {
  let there = await locator.count();
  for (const until = Date.now() + 30_000; there !== wanted && Date.now() < until; there = await locator.count()) {
    await locator.page().evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
  }
  assert.equal(there, wanted);
}

// Waits until the page asks for nothing more, but how things stand.
export async function settled(tab) {
  for (let idle = 0; idle < 3; idle = tab.log.open.size === 0 ? idle + 1 : 0) {
    await tab.evaluate(() => new Promise((rested) => requestIdleCallback(rested)));
  }
}

// What was said last to those who listen, when it is said.
export async function announced(tab) {
  const region = tab.locator("[role=status].hidden");
  await tab.waitForFunction((one) => one.textContent !== "" && one.textContent !== "Searching.", await region.elementHandle());
  return (await region.textContent()).trim();
}
