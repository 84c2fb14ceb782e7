// One chat as it is on the screen: its turns, and the question that is being answered.
import { asFailure, Failure, get, part, post } from "../api/http";
import { ask, follow, runningIn, stopRun, type PartEvent, type RunEvents, type Seal, type StepEvent } from "../api/runs";
import type { SessionInfo, Turn } from "../api/types";
import { announcer } from "../frame/announce.svelte";
import { analysis } from "./analysis.svelte";
import { nextVersion } from "./branches";
import { chats } from "./chats.svelte";
import { recheck } from "./recheck";
import { spoken } from "./words";

// A question on its way to an answer, or that did not get one.
export class Running {
  steps: StepEvent[] = $state([]);
  sealed: Seal[] = $state([]);
  parts: PartEvent[] = $state([]); // Documents that have been asked, each by itself.
  draft = $state("");
  notices: string[] = $state([]);
  state: "asking" | "stopping" | "stopped" | "failed" = $state("asking");
  failure: Failure | null = $state.raw(null);
  run: string | null = null;
  readonly began = Date.now();
  readonly abort = new AbortController();
  constructor(readonly question: string) {}
}

export class Conversation {
  session: string = $state("");
  turns: Turn[] = $state.raw([]);
  running: Running | null = $state(null);
  trouble: Failure | null = $state.raw(null);
  reading = $state(false);

  // Shows a chat. What is on the screen is put aside at once, so that two chats are never mixed.
  async open(session: string): Promise<void> {
    if (session === this.session) return;
    this.leave();
    this.session = session;
    if (session === "") return;
    this.reading = true;
    try {
      await this.rejoin(session, await this.readTurns(session));
    } catch (thrown) {
      // The first question of a chat is kept with its answer: until then only its run is known.
      const failure = asFailure(thrown);
      if (this.session === session && !(failure.missing && (await this.rejoin(session, null)))) this.trouble = failure;
    } finally {
      if (this.session === session) this.reading = false;
    }
  }

  // The turns as the server has them, and the question that has no answer there.
  private async readTurns(session: string): Promise<string | null> {
    const shown = await get<SessionInfo & { messages: Omit<Turn, "session">[] }>(`/api/sessions/${part(session)}`);
    if (this.session !== session) return null;
    this.turns = shown.messages.map((one) => ({ ...one, session }));
    void this.check();
    return shown.unanswered;
  }

  // Whether all quotes still stand, asked anew. Without an answer what was known stays.
  async check(): Promise<void> {
    const before = this.turns;
    try {
      const now = await recheck(before);
      if (this.turns === before) this.turns = now;
    } catch (thrown) {
      announcer.warn(`Quotes could not be checked: ${asFailure(thrown).message}`);
    }
  }

  private leave(): void {
    this.turns = [];
    this.running = null; // Its run goes on at the server.
    this.trouble = null;
    this.reading = false;
  }

  // A question that was asked before this page was loaded: its run is joined again, or it says that it has no answer.
  private async rejoin(session: string, unanswered: string | null): Promise<boolean> {
    const [run] = await runningIn(session);
    const question = run?.question ?? unanswered;
    if (this.session !== session || question === null || question === undefined) return false;
    const running = (this.running = new Running(question));
    if (!run) {
      running.state = "stopped";
      return true;
    }
    running.run = run.run;
    void follow(run.run, this.eventsOf(running, session)).catch((thrown) => this.failed(running, asFailure(thrown)));
    return true;
  }

  // Asks, and returns when there is an answer or none will come. The first question of a chat gives it its name.
  async ask(question: string, documents: string[], asTyped = false): Promise<string | null> {
    if (this.running?.state === "asking" || this.running?.state === "stopping") return null;
    const running = (this.running = new Running(question));
    announcer.say("Searching.");
    try {
      if (this.session === "") this.session = (await post<{ session: string }>("/api/sessions")).session;
    } catch (thrown) {
      this.failed(running, asFailure(thrown));
      return null;
    }
    const session = this.session;
    void ask({ session, question, documents, asTyped, analysis: analysis.chosen }, this.eventsOf(running, session), running.abort.signal);
    return session;
  }

  // The same or another question in the place of a turn: a branch of its own, nothing is lost.
  async askInstead(turn: number, question: string, documents: string[], asTyped = false): Promise<string> {
    const from = this.session;
    const to = nextVersion(from, turn, [from, ...chats.familyOf(from)]);
    if (turn > 1) await post(`/api/sessions/${part(from)}/fork`, { to, turns: turn - 1 });
    const kept = this.turns.filter((one) => one.turn < turn).map((one) => ({ ...one, session: to }));
    this.leave();
    this.session = to;
    this.turns = kept;
    await this.ask(question, documents, asTyped);
    return to;
  }

  // Stops what is being answered. Through the run where there is one, else by closing the request, which stops it too.
  async stop(): Promise<void> {
    const running = this.running;
    if (running?.state !== "asking") return;
    running.state = "stopping";
    running.abort.abort(); // Also what is said to a run that has no name yet.
    if (running.run === null) return;
    try {
      await stopRun(running.run);
    } catch (thrown) {
      running.state = "asking";
      announcer.warn(`Not stopped: ${asFailure(thrown).message}`);
    }
  }

  private failed(running: Running, failure: Failure): void {
    running.state = "failed";
    running.failure = failure;
    announcer.warn(`No answer: ${failure.message} Your question is kept.`);
  }

  private eventsOf(running: Running, session: string): RunEvents {
    const shown = () => this.running === running && this.session === session;
    return {
      begun: (run) => (running.run = run),
      step: (event) => {
        const at = running.steps.findIndex((one) => one.agent === event.agent && one.part === event.part && one.document === event.document);
        if (at < 0) running.steps.push(event);
        else running.steps[at] = event;
      },
      draft: (text) => (running.draft = text),
      seal: (event) => {
        running.sealed[event.index] = event;
        running.draft = "";
      },
      part: (event) => {
        running.parts[event.index] = event;
        running.draft = "";
        if (shown()) announcer.say(`${event.index + 1} of ${event.parts} documents asked.`);
      },
      notice: (text) => running.notices.push(text),
      done: (turn) => {
        if (shown()) {
          this.turns = [...this.turns, { ...turn, session }];
          this.running = null;
          announcer.say(spoken(turn.answer));
          if (turn.turn !== this.turns.length) void this.readTurns(session); // Another tab has asked meanwhile.
        }
        void chats.read();
      },
      stopped: () => {
        running.state = "stopped";
        if (shown()) announcer.say("Stopped.");
        void chats.read();
      },
      failed: (failure) => {
        this.failed(running, failure);
        void chats.read();
      },
    };
  }
}
