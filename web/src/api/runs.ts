// A question to the server: as a run whose events come while it works (POST /api/runs), or, where the server has no runs,
// as one request that answers at its end. Either way the caller sees the same events.
import { EventReader, pieces } from "./events";
import { asFailure, Failure, get, part, post, remove, send } from "./http";
import type { Answer, Citation, Part, Turn } from "./types";

export interface Question {
  session: string;
  question: string;
  documents: string[]; // Ids; empty: all.
  asTyped: boolean;
  analysis: "combined" | "separate";
}

export interface StepEvent {
  agent: string;
  state: "running" | "ok" | "failed" | "skipped";
  part?: number | null; // Of a question that was cut into parts.
  ms: number;
  detail?: string;
  document?: string; // That is asked by itself.
}

export interface PartEvent extends Part {
  index: number;
  parts: number; // In all.
}

export interface Seal {
  index: number;
  text: string;
  supported: boolean | null;
  citations: Citation[];
}

export interface RunEvents {
  begun(run: string): void;
  step(event: StepEvent): void;
  draft(text: string): void;
  seal(event: Seal): void;
  part(event: PartEvent): void;
  notice(text: string): void;
  done(turn: Turn): void;
  stopped(): void;
  failed(failure: Failure): void;
}

let runsAnswer = true; // Until this server says that it has none.

// What goes to the server, but for the session.
const bodyOf = ({ question, documents, asTyped, analysis }: Question) => ({
  question,
  as_typed: asTyped,
  ...(documents.length > 0 ? { filter: { documents } } : {}),
  ...(analysis === "separate" ? { analysis } : {}),
});

// The signal stops what goes as one request. A run is stopped by stopRun(), so the request that begins it is never cut off:
// the server would go on with a run that nobody knows of.
export async function ask(question: Question, events: RunEvents, signal: AbortSignal): Promise<void> {
  try {
    if (runsAnswer) {
      const run = await begin(question);
      if (run !== null) {
        events.begun(run);
        if (signal.aborted) await stopRun(run); // Stopped before its name was known.
        return await follow(run, events);
      }
    }
    events.done(await post<Turn>(`/api/sessions/${part(question.session)}/ask`, bodyOf(question), signal));
  } catch (thrown) {
    const failure = asFailure(thrown);
    if (failure.code === "cancelled") events.stopped();
    else events.failed(failure);
  }
}

async function begin(question: Question): Promise<string | null> {
  try {
    return (await post<{ run: string }>("/api/runs", { session: question.session, ...bodyOf(question) })).run;
  } catch (thrown) {
    if (!asFailure(thrown).missing) throw thrown;
    runsAnswer = false;
    return null;
  }
}

// Follows a run from its first event to its last, over lost connections too: what came is not asked for again.
export async function follow(run: string, events: RunEvents): Promise<void> {
  let after = 0;
  for (let lost = 0; lost < 20; lost++) {
    try {
      const response = await send("GET", `/api/runs/${part(run)}/events?after=${after}`);
      const reader = new EventReader();
      for await (const piece of pieces(response)) {
        for (const event of reader.take(piece)) {
          if (event.id !== "") after = Number(event.id);
          if (tell(event.name, event.data, events)) return;
        }
      }
    } catch (thrown) {
      const failure = asFailure(thrown);
      if (failure.missing && after > 0) throw new Failure(failure.status, "gone", "The server was started again while it answered.", "");
      if (failure.status !== 0) throw failure;
    }
    await new Promise((resume) => setTimeout(resume, Math.min(250 * 2 ** lost, 5000)));
  }
  throw new Failure(0, "offline", "The connection was lost and did not come back.", "Your question is kept. Reload to see its answer.");
}

// True when this was the last event.
function tell(name: string, data: string, events: RunEvents): boolean {
  const body: unknown = JSON.parse(data);
  switch (name) {
    case "step":
      events.step(body as StepEvent);
      return false;
    case "draft":
      events.draft((body as { text: string }).text);
      return false;
    case "seal":
      events.seal(body as Seal);
      return false;
    case "part":
      events.part(body as PartEvent);
      return false;
    case "notice":
      events.notice((body as { text: string }).text);
      return false;
    case "done":
      events.done(turnOf(body));
      return true;
    case "stopped":
      events.stopped();
      return true;
    case "error": {
      const { code, message, hint } = (body as { error: Record<string, string> }).error;
      events.failed(new Failure(500, code ?? "internal", message ?? "", hint ?? ""));
      return true;
    }
    default:
      return false;
  }
}

// `done` carries the turn, by itself or under its name.
function turnOf(body: unknown): Turn {
  const held = body as { turn?: Turn | number; answer?: Answer };
  return (typeof held.turn === "object" ? held.turn : held) as Turn;
}

export const stopRun = (run: string) => remove<{ stopped: boolean }>(`/api/runs/${part(run)}`);

// The runs of a session that still go on; none where the server has no runs.
export async function runningIn(session: string): Promise<{ run: string; question: string }[]> {
  if (!runsAnswer) return [];
  try {
    const body = await get<unknown>(`/api/runs?session=${part(session)}`);
    const list = (Array.isArray(body) ? body : (body as { runs?: unknown[] }).runs) ?? [];
    return (list as { run: string; question: string; state: string }[]).filter((one) => one.state === "running");
  } catch (thrown) {
    if (asFailure(thrown).missing) runsAnswer = false;
    return [];
  }
}
