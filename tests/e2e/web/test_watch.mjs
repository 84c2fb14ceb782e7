// What the product says of itself: targets beside measurements, and warnings before something fails.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ferries } from "./documents.mjs";
import { scenario } from "./harness.mjs";
import { withWriter } from "./written.mjs";

scenario("EE32 dashboard: measured, not met, not measured and not on this machine", { prepare: (site) => site.ingest(ferries) }, async ({ site, open }) => {
  const tab = await open("/dashboard");
  const table = tab.getByRole("region", { name: "Targets" });
  const row = (name) => table.getByRole("row").filter({ hasText: name });
  await row("Search, mean").getByText("– not measured").waitFor();
  await site.json("/api/search?q=ferry"); // The first one starts the embedder: slower than any target.
  for (let n = 0; n < 3; n++) await site.json("/api/search?q=barge");
  const { targets } = await site.json("/api/targets");
  const of = (name) => targets.find((one) => one.name === name);
  const words = { met: "✓ met", not_met: "✕ not met" };
  for (const name of ["Search, mean", "Search, slowest"]) {
    assert.ok(["met", "not_met"].includes(of(name).state), name);
    assert.equal(of(name).state === "met", of(name).measured < 100 || (name !== "Search, mean" && of(name).measured <= 200), JSON.stringify(of(name)));
    await row(name).getByText(words[of(name).state]).waitFor();
    await row(name).getByText(/since the start, 4 searches/).waitFor();
  }
  await row("Memory without models").getByText("✓ met").waitFor();
  if (!existsSync("/proc/driver/nvidia")) {
    await row("Decode").getByText("◇ not on this machine").waitFor();
    const alert = (await site.json("/api/alerts")).alerts.find((one) => one.name === "decode");
    assert.equal(alert.state, "not_on_this_machine");
  }
});

withWriter("EE33 an alert fires, is shown on every page, and clears", async ({ site, open, writer }) => {
  writer.text = "Anna Weber built the ferry Aurora in Kiel in 1901 [1].";
  const question = { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"question":"Who built the ferry Aurora?"}' };
  const ask = async () => assert.equal((await fetch(site.address + "/api/ask", question)).status, 200);
  const tab = await open("/library");
  await tab.getByRole("link", { name: "ferries.md" }).waitFor();
  const bar = tab.getByRole("region", { name: "Warnings" });
  assert.equal(await bar.count(), 0);
  await ask(); // It is known, and in use.
  writer.stop(); // The backend is away.
  await ask();
  await bar.getByText(/▲ .+/).waitFor({ timeout: 60_000 });
  await bar.getByRole("link", { name: "Dashboard" }).click();
  await tab.getByRole("region", { name: "Alerts" }).getByRole("row").filter({ hasText: "backend vllm" }).getByText("▲ warning").waitFor();
  await writer.restart();
  await bar.waitFor({ state: "detached", timeout: 90_000 });
  await tab.getByRole("region", { name: "Alerts" }).getByRole("row").filter({ hasText: "backend vllm" }).getByText("✓ ok").waitFor();
});

// A small disk of its own for the data directory, where the machine lets a user mount one.
async function onSmallDisk(site) {
  const disk = join(site.folder, "disk");
  mkdirSync(disk);
  const script = `mount -t tmpfs -o size=128m tmpfs ${disk} && exec "$0" --data ${disk}/data serve --port 0`;
  site.small = spawn("unshare", ["-rm", "sh", "-c", script, site.binary], { env: site.environment, stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((done) => {
    let line = "";
    site.small.stdout.on("data", (piece) => {
      line += piece;
      const found = /listening on (http:\S+)/.exec(line);
      if (found) done({ address: found[1], disk: `/proc/${site.small.pid}/root${disk}` });
    });
    site.small.on("exit", () => done(null));
  });
}

scenario("EE33 a disk that fills is told before it is full, warned of when it is, and forgotten when it is not", {}, async ({ site, open }) => {
  const small = await onSmallDisk(site);
  assert.ok(small, "a user namespace with a disk of its own");
  site.also = small.address;
  try {
    const tab = await open(small.address + "/dashboard");
    const disk = tab.getByRole("region", { name: "Alerts" }).getByRole("row").filter({ hasText: "Disk of the data directory" });
    await disk.getByText("✓ ok").waitFor();
    let full = false;
    const filling = (async () => {
      for (let n = 0; n < 59 && !full; n++) {
        writeFileSync(join(small.disk, `fill-${n}`), Buffer.alloc(2 << 20));
        await new Promise((done) => setTimeout(done, 1000));
      }
    })();
    await disk.getByText("◷ expected").waitFor({ timeout: 90_000 });
    await disk.getByText(/Full in about \d+ (min|h) \(.+ to .+\) if it goes on like this\./).waitFor();
    const bar = tab.getByRole("region", { name: "Warnings" });
    await bar.getByText(/◷ Full in about/).waitFor();
    assert.equal(await bar.locator(".failed, .warning").count(), 0, "what is expected is not red");
    await disk.getByText("▲ warning").waitFor({ timeout: 150_000 });
    full = true;
    await filling;
    for (let n = 0; n < 59; n++) rmSync(join(small.disk, `fill-${n}`), { force: true });
    await disk.getByText("✓ ok").waitFor({ timeout: 60_000 });
    await bar.waitFor({ state: "detached", timeout: 60_000 });
  } finally {
    const gone = new Promise((done) => site.small.once("exit", done));
    site.small.kill("SIGTERM");
    await gone;
  }
});
