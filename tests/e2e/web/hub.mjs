// A tiny chat model, and a model hub on this machine that has it and breaks as it is told (tests/e2e/model_hub.py).
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "./harness.mjs";

// Imported under that name, for Site's furnish; its file, and the checkpoint's folder.
export function importTiny(site, name) {
  const checkpoint = join(site.folder, "checkpoint");
  execFileSync("python3", [join(root, "tests/e2e/tiny_chat.py"), checkpoint]);
  site.docmind("models", "import", checkpoint, "--name", name, "--type", "f16");
  return { file: join(site.folder, "data/models", `${name}.gguf`), checkpoint };
}

// The same as a file outside of the data directory.
export function tinyFile(site) {
  const out = join(site.folder, "tiny.gguf");
  copyFileSync(importTiny(site, "tiny").file, out);
  execFileSync(site.binary, ["--data", join(site.folder, "data"), "models", "rm", "tiny"], { env: site.environment });
  return out;
}

export class ModelHub {
  static async start(...files) {
    const hub = new ModelHub();
    hub.process = spawn("python3", [join(root, "tests/e2e/model_hub.py"), ...files], { stdio: ["pipe", "pipe", "inherit"] });
    hub.lines = createInterface(hub.process.stdout)[Symbol.asyncIterator]();
    hub.address = (await hub.lines.next()).value;
    return hub;
  }

  // Answered when it is in force: the hub reads its lines one after the other.
  async say(...lines) {
    this.process.stdin.write([...lines, "get", ""].join("\n"));
    return JSON.parse((await this.lines.next()).value);
  }

  stop() {
    this.process.stdin.end();
    this.process.kill();
  }
}
