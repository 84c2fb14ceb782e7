// What the server reads into the library, for whoever asked: another tab, the command line.
import { part, remove } from "../api/http";
import type { Job } from "../api/types";

class Jobs {
  all: Job[] = $state.raw([]);

  async stop(job: string): Promise<void> {
    await remove(`/api/jobs/${part(job)}`);
    this.all = this.all.filter((one) => one.job !== job);
  }
}

export const jobs = new Jobs();
