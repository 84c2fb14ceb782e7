// Files to the library, with two kinds of progress: bytes on their way to the server, then what the server does with them.
import { EventReader } from "./events";
import { Failure, failureOf } from "./http";
import type { Progress, Summary } from "./types";

export interface UploadEvents {
  sent(share: number): void; // 0 to 1.
  began(job: string): void; // Its name among the server's jobs.
  progress(progress: Progress): void;
}

// XMLHttpRequest, for fetch does not tell how much of a body has been sent.
export function upload(files: { name: string; file: File }[], events: UploadEvents, signal: AbortSignal): Promise<Summary> {
  const form = new FormData();
  for (const { name, file } of files) form.append("file", file, name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const reader = new EventReader();
    let read = 0;
    let summary: Summary | null = null;
    let failure: Failure | null = null;
    const take = () => {
      const fresh = request.responseText.slice(read);
      read = request.responseText.length;
      if (request.status !== 200) return;
      for (const event of reader.take(fresh)) {
        if (event.name === "job") events.began((JSON.parse(event.data) as { job: string }).job);
        if (event.name === "progress") events.progress(JSON.parse(event.data) as Progress);
        if (event.name === "summary") summary = JSON.parse(event.data) as Summary;
        if (event.name === "error") failure = failureOf(500, event.data);
      }
    };
    request.upload.onprogress = (event) => event.lengthComputable && events.sent(event.loaded / event.total);
    request.onprogress = take;
    request.onload = () => {
      take();
      if (request.status !== 200) reject(failureOf(request.status, request.responseText));
      else if (summary) resolve(summary);
      else reject(failure ?? new Failure(500, "internal", "The upload ended without a word.", "Try again."));
    };
    request.onerror = () => reject(new Failure(0, "offline", `DocMind does not answer at ${location.host}.`, "Nothing of these files is kept. Try again."));
    request.onabort = () => reject(new Failure(499, "cancelled", "Cancelled.", ""));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("POST", "/api/documents");
    request.setRequestHeader("Accept", "text/event-stream");
    request.send(form);
  });
}
