// Pulls and imports: they go on in the server whoever watches. Looked at once a second while one does, and else not.
import { asFailure, type Failure, get, part, post, remove } from "../api/http";
import type { ModelFile, ModelJob } from "../api/types";
import { plain } from "../chat/citations";
import { announcer } from "../frame/announce.svelte";
import { fileSize } from "./sizes";

export const title = (job: ModelJob): string => plain(job.kind === "pull" ? `${job.asked.repository} ${job.asked.file ?? ""}`.trim() : (job.asked.name ?? ""));

// Of a job that has ended.
export function outcome(job: ModelJob): string {
  if (job.state === "done") return `${plain(job.model?.name ?? title(job))} is ready, ${fileSize(job.model?.bytes ?? 0)}.`;
  if (job.state === "stopped") {
    if (job.kind === "import") return "Cancelled. Nothing of it is kept.";
    return job.total === 0 ? "Paused before anything had come." : `Paused at ${fileSize(job.done)} of ${fileSize(job.total)}.`;
  }
  const { message = "", hint = "" } = job.failure ?? {};
  if (message.includes("another SHA-256")) return `Checksum differs, nothing installed. ${plain(message)}`;
  return plain(`Nothing installed. ${message} ${hint}`);
}

class Models {
  files: ModelFile[] = $state.raw([]);
  jobs: ModelJob[] = $state.raw([]);
  known = $state(false);
  trouble = $state.raw<Failure | null>(null);

  get running(): ModelJob | null {
    return this.jobs.find((one) => one.state === "running") ?? null;
  }

  async read(): Promise<void> {
    try {
      await this.list();
      await this.look();
      this.known = true;
      this.trouble = null;
    } catch (thrown) {
      this.trouble = asFailure(thrown);
    }
  }

  private async list(): Promise<void> {
    this.files = (await get<{ models: ModelFile[] }>("/api/models/files")).models;
  }

  // What the jobs do now. A server that is away is asked again a second later.
  async look(): Promise<void> {
    const was = this.running;
    const { jobs } = await get<{ jobs: ModelJob[] }>("/api/models/jobs");
    // A server that was started again knows nothing of it, but what had come is there.
    this.jobs = was && !jobs.some((one) => one.id === was.id) ? [{ ...was, state: "stopped" }, ...jobs] : jobs;
    const ended = this.jobs.find((one) => one.id === was?.id && one.state !== "running");
    if (!ended) return;
    (ended.state === "failed" ? announcer.warn : announcer.say).call(announcer, outcome(ended));
    await this.list();
  }

  async start(kind: ModelJob["kind"], asked: ModelJob["asked"]): Promise<void> {
    this.jobs = [await post<ModelJob>(`/api/models/${kind}`, asked), ...this.jobs]; // It may have ended before it is looked at.
    await this.look();
  }

  async stop(job: ModelJob): Promise<void> {
    await remove(`/api/models/jobs/${part(job.id)}`);
    await this.look();
  }
}

export const models = new Models();
