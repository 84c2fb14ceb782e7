// Answers while they are written: runs, which belong to the server and are joined from anywhere.
import assert from "node:assert/strict";
import { begin } from "./harness.mjs";
import { withWriter } from "./written.mjs";

const aurora = "Who built the ferry Aurora?";

withWriter("EE7 what is being written is shown as such, without chips, and gives way to checked sentences", async ({ open, writer }) => {
  const release = writer.hold("middle");
  writer.text = "Anna Weber built the ferry Aurora in Kiel in 1901 [1].";
  const tab = await open("/");
  await begin(tab, aurora);
  const running = tab.getByRole("article", { name: "The question being answered" });
  await running.getByText("Anna Weber built the").waitFor();
  assert.equal(await running.locator("[data-chip]").count(), 0);
  assert.equal(await tab.locator("[role=status].hidden").textContent(), "Searching.", "what is being written is not read out");
  await running.locator("summary").getByText("◐").waitFor();
  release();
  await tab.locator("article[data-turn]").locator("[data-chip]").waitFor();
  assert.equal(await running.count(), 0);
});

withWriter("EE22 reload in the middle of an answer: it is joined again, and can be stopped", async ({ site, open, writer }) => {
  const release = writer.hold("middle");
  writer.text = "Anna Weber built the ferry Aurora in Kiel in 1901 [1].";
  const tab = await open("/");
  await begin(tab, aurora);
  const running = tab.getByRole("article", { name: "The question being answered" });
  await running.getByText("Anna Weber built the").waitFor();
  await tab.waitForURL("**/chat/*");
  await tab.reload();
  await running.getByText("Anna Weber built the").waitFor();
  const other = await open(new URL(tab.url()).pathname); // A second tab sees it, too.
  await other.getByRole("article", { name: "The question being answered" }).getByText("Anna Weber built the").waitFor();
  release();
  for (const one of [tab, other]) await one.locator("article[data-turn] [data-chip]").waitFor();

  const again = writer.hold("middle");
  await begin(tab, "When was the ferry Aurora built?");
  await running.getByText("Anna Weber built the").waitFor();
  await tab.reload();
  await running.getByText("Anna Weber built the").waitFor();
  await tab.getByRole("button", { name: "Stop" }).click();
  await tab.getByText("Stopped. No sentence was finished.").waitFor();
  again();
  assert.equal((await site.json("/api/runs")).runs.length, 0);
});
