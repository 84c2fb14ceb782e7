import type { Progress } from "../api/types";

// What is being done with a file: "embedding 373 of 612 passages, 2 s left".
export function stageWords(progress: Progress | null): string {
  const left = progress?.seconds_left ? `, ${Math.ceil(progress.seconds_left)} s left` : "";
  if (progress?.stage === "embedding") return `embedding ${progress.chunks_done} of ${progress.chunks_found} passages${left}`;
  return (progress?.stage ?? "reading") + left;
}
