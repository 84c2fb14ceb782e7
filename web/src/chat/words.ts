// What is written beside answers. Each has its own field in the answer, so nothing here is guessed.
import type { Answer, Part, Turn } from "../api/types";

export interface Note {
  kind: "plain" | "warning" | "general";
  mark: string;
  text: string;
}

const count = (number: number, one: string, many = one + "s") => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
export { count };

export function ago(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}

export const duration = (seconds: number): string => (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`);

export function notesOf(turn: Turn): Note[] {
  const { answer } = turn;
  const notes: Note[] = [];
  if (turn.because !== null) {
    notes.push({ kind: "plain", mark: "↳", text: `Searched “${turn.query_used}”, because “${turn.because}” points back.` });
  }
  if (answer.cache !== "miss") {
    const age = answer.cache_age === null ? "" : `, answered ${ago(answer.cache_age)}`;
    const same = answer.cache === "exact" ? "Same question" : "The same asked in other words";
    notes.push({ kind: "plain", mark: "⟲", text: `${same}${age}; ${quotesStand(answer)}` });
  }
  for (const host of answer.sends_text_to) notes.push({ kind: "warning", mark: "⇄", text: `Text goes to ${host} (allow_remote).` });
  for (const why of answer.fallbacks) notes.push({ kind: "warning", mark: "▤", text: why });
  if (answer.partial_reason !== null) notes.push({ kind: "warning", mark: "⚠", text: answer.partial_reason });
  if (answer.context.trimmed) {
    notes.push({ kind: "plain", mark: "✂", text: trimmed(answer.context) });
  }
  const { read, total, unit } = answer.coverage;
  const asked = answer.parts?.length ?? 0;
  if (asked > 0) {
    if (total > asked) notes.push({ kind: "plain", mark: "∑", text: `Asked ${asked} of ${count(total, "document")}: those with the nearest passages.` });
  } else if (answer.status !== "abstained" && unit !== "passage" && total > 0) {
    notes.push(
      read < total
        ? { kind: "warning", mark: "⚠", text: `Read ${read} of ${count(total, unit)}: not a total.` }
        : { kind: "plain", mark: "∑", text: `Read ${read} of ${count(total, unit)}.` },
    );
  }
  return notes;
}

// "4 oldest turns left out (12,300 tokens) to fit 65,536."
function trimmed({ dropped, original_tokens, final_tokens, limit }: Answer["context"]): string {
  const whole = dropped.filter((one) => !one.end);
  const turns = whole.filter((one) => one.kind === "message" && one.role === "user").length;
  const passages = whole.filter((one) => one.kind === "passage").length;
  const documents = whole.filter((one) => one.kind === "document").length;
  const parts = [
    turns > 0 ? (turns === 1 ? "The oldest turn" : `${turns} oldest turns`) : "",
    passages > 0 ? count(passages, "passage") : "",
    documents > 0 ? count(documents, "document") : "",
  ].filter((one) => one !== "");
  const what = parts.length > 0 ? parts.join(", ") : "Part of the prompt";
  return `${what} left out (${(original_tokens - final_tokens).toLocaleString("en")} tokens) to fit ${(limit ?? 0).toLocaleString("en")}.`;
}

// What stands between two turns when another model wrote the later one; nothing when the same did.
export function seamOf(before: Turn | undefined, turn: Turn): string {
  const { backend, context } = turn.answer;
  if (!before || backend === null || before.answer.backend === backend) return "";
  return `From here: ${backend}${context.limit === null ? "" : `, window ${context.limit.toLocaleString("en")}`}.`;
}

function quotesStand(answer: Answer): string {
  const quotes = answer.claims.flatMap((claim) => claim.citations).length;
  return quotes === 1 ? "its quote still stands." : `its ${quotes} quotes still stand.`;
}

export const doubtWords = "No passage in your documents says this.";

// What stands in the place of a document's sentences where it has none.
export function withoutSentences(part: Part): string {
  if (part.status === "failed") return `It could not be asked: ${part.reason ?? ""}`;
  return part.reason ?? "This document does not say.";
}

export function spoken(answer: Answer): string {
  if (answer.status === "abstained") return "Answer ready: your documents do not say.";
  const sources = new Set(answer.claims.flatMap((claim) => claim.citations.map((one) => `${one.document_id}${one.start}-${one.end}`)));
  const unsupported = answer.claims.filter((claim) => claim.supported === false).length;
  const asked = answer.parts ?? [];
  const parts = asked.length > 0 ? [`${asked.filter((one) => one.count > 0).length} of ${count(asked.length, "document")} say something`] : [];
  parts.push(count(answer.claims.length, "sentence"), count(sources.size, "source"));
  if (unsupported > 0) parts.push(`${unsupported} without source`);
  return `Answer ready: ${parts.join(", ")}.`;
}
