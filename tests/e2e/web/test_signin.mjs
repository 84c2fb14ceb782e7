// A server that wants a key: signing in, what a key may not do, signing out, and a key that is revoked meanwhile.
import assert from "node:assert/strict";
import { fixture, scenario } from "./harness.mjs";

const settings = { DOCMIND_SERVER__REQUIRE_KEY: "true" };
const made = {};
const furnish = (site) => {
  made.key = site.docmind("keys", "add", "--scope", "ask", "--name", "reader");
};

scenario("sign in, ask, sign out", { settings, furnish }, async ({ site, open }) => {
  site.ingest(fixture("boats.md"));
  const tab = await open("/");
  const dialog = tab.getByRole("dialog", { name: "Sign in" });
  await dialog.getByLabel("Key").fill("dmk_wrong");
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.getByText("this is no key of this server").waitFor();
  await tab.keyboard.press("Escape");
  assert.ok(await dialog.isVisible(), "there is nothing behind it");
  await dialog.getByLabel("Key").fill(` ${made.key.key} `);
  await tab.keyboard.press("Enter");
  await tab.getByRole("link", { name: "Library", exact: true }).click();
  await tab.getByRole("link", { name: "boats.md" }).waitFor();
  const [cookie] = await tab.context().cookies();
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ["docmind_key", true, "Strict"]);
  assert.equal(await tab.evaluate(() => document.cookie), "", "no script can read it");
  await tab.getByLabel("Files to add").setInputFiles(site.file({ name: "more.md", bytes: "# More\n\nText." }));
  await tab.getByText("a key with the scope ingest").first().waitFor();
  await tab.getByRole("link", { name: "Help", exact: true }).click();
  await tab.getByText("With the key reader. It may: ask.").waitFor();
  await tab.getByRole("button", { name: "Sign out" }).click();
  await dialog.waitFor();
  assert.deepEqual(await tab.context().cookies(), []);
});

scenario("a key that is revoked meanwhile is asked for again", { settings, furnish }, async ({ site, open }) => {
  const tab = await open("/library");
  const dialog = tab.getByRole("dialog", { name: "Sign in" });
  await dialog.getByLabel("Key").fill(made.key.key);
  await tab.keyboard.press("Enter");
  await tab.getByText("Nothing here yet.").waitFor();
  await dialog.waitFor({ state: "detached" });
  site.docmind("keys", "revoke", made.key.id);
  await dialog.waitFor();
});
