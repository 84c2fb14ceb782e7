// How much of the chat model's window a question takes: what the prompt of this chat's last answer had, exactly, and what stands in
// the box, about. A token of English has some four bytes; other scripts have fewer in theirs.
import type { Answer } from "../api/types";

const bytesPerToken = 4;

export interface Context {
  used: number;
  limit: number;
  words: string; // "41,200 of 131,072 tokens"
}

// Null where no chat model wrote: then nothing is taken of any window.
export function contextOf(last: Answer | null, draft: string): Context | null {
  if (last === null || last.backend === null || last.context.limit === null) return null;
  const { limit, final_tokens } = last.context;
  const added = Math.ceil(new TextEncoder().encode(draft.trim()).length / bytesPerToken);
  const used = Math.min(final_tokens + added, limit);
  return { used, limit, words: `${added > 0 ? "about " : ""}${used.toLocaleString("en")} of ${limit.toLocaleString("en")} tokens` };
}
