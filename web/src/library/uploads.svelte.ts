// Files on their way into the library. One after another: what a page sends at once waits here, not in the server.
import { asFailure } from "../api/http";
import type { Progress, Summary } from "../api/types";
import { upload } from "../api/upload";
import { announcer } from "../frame/announce.svelte";
import { library } from "./library.svelte";

export type UploadState = "waiting" | "sending" | "reading" | "ready" | "unchanged" | "failed" | "cancelling" | "cancelled";

export class Upload {
  state: UploadState = $state("waiting");
  share = $state(0); // 0 to 1, never falling.
  progress: Progress | null = $state.raw(null);
  reason = $state("");
  job = $state("");
  readonly abort = new AbortController();
  constructor(
    readonly name: string,
    readonly file: File,
  ) {}

  get working(): boolean {
    return this.state === "sending" || this.state === "reading" || this.state === "cancelling";
  }

  rise(share: number): void {
    this.share = Math.max(this.share, Math.min(1, share));
  }
}

class Uploads {
  all: Upload[] = $state([]);
  private running = false;

  get open(): Upload[] {
    return this.all.filter((one) => one.state === "waiting" || one.working);
  }

  add(files: { name: string; file: File }[]): void {
    this.all = [...this.all.filter((one) => one.state !== "ready" && one.state !== "unchanged"), ...files.map(({ name, file }) => new Upload(name, file))];
    void this.work();
  }

  retry(one: Upload): void {
    this.all = this.all.filter((other) => other !== one);
    this.add([{ name: one.name, file: one.file }]);
  }

  dismiss(one: Upload): void {
    this.all = this.all.filter((other) => other !== one);
  }

  cancel(): void {
    for (const one of this.open) {
      if (one.state === "waiting") one.state = "cancelled";
      else one.abort.abort();
    }
  }

  private async work(): Promise<void> {
    if (this.running) return;
    this.running = true;
    for (let next = this.next(); next; next = this.next()) await this.send(next);
    this.running = false;
    const failed = this.all.filter((one) => one.state === "failed").length;
    announcer.say(`${this.all.filter((one) => one.state === "ready").length} files ready${failed > 0 ? `, ${failed} failed` : ""}.`);
  }

  private next(): Upload | undefined {
    return this.all.find((one) => one.state === "waiting");
  }

  // A third of the bar is the way to the server, the rest its work.
  private async send(one: Upload): Promise<void> {
    one.state = "sending";
    const before = versionOf(one);
    try {
      const summary = await upload(
        [one],
        {
          sent: (share) => one.rise(share / 3),
          began: (job) => (one.job = job),
          progress: (progress) => {
            one.state = "reading";
            one.progress = progress;
            const done = progress.chunks_found > 0 ? progress.chunks_done / progress.chunks_found : 0;
            one.rise(1 / 3 + (done * 2) / 3);
          },
        },
        one.abort.signal,
      );
      this.finish(one, summary);
    } catch (thrown) {
      const failure = asFailure(thrown);
      if (failure.code === "cancelled") return this.cancelled(one, before);
      one.state = "failed";
      one.reason = `${failure.message} ${failure.hint}`.trim();
    }
    await library.read();
  }

  // The server notices within half a second that nobody waits any more; until then it may have finished the file.
  private async cancelled(one: Upload, before: string | undefined): Promise<void> {
    one.state = "cancelling";
    await new Promise((later) => setTimeout(later, 1000));
    await library.read();
    one.state = versionOf(one) === before ? "cancelled" : "ready";
  }

  private finish(one: Upload, summary: Summary): void {
    const [failed] = summary.failed;
    if (failed) {
      one.state = "failed";
      one.reason = failed.error;
    } else if (summary.skipped > 0 && summary.added + summary.updated + summary.unchanged === 0) {
      one.state = "failed";
      one.reason = "Not a kind of document that DocMind reads.";
    } else {
      one.state = summary.unchanged > 0 ? "unchanged" : "ready";
      one.share = 1;
    }
  }
}

const versionOf = (one: Upload): string | undefined => library.documents.find(({ document }) => document === one.name)?.version;

export const uploads = new Uploads();
