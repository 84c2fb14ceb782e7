// What changes without this tab: told by one stream of the server's for the whole browser. One tab holds it and passes on
// what comes (Web Locks); where there are no locks, as over plain http from another machine, each tab that is seen has its own.
import { EventReader, pieces } from "../api/events";
import { asFailure, send } from "../api/http";
import type { Backend, Health, Job } from "../api/types";
import { chats } from "../chat/chats.svelte";
import { jobs } from "../library/jobs.svelte";
import { library } from "../library/library.svelte";
import { server } from "./health.svelte";

const silence = 40_000; // Milliseconds: the server says something every 15 seconds.
const channel = new BroadcastChannel("docmind");
const told = new Map<string, unknown>(); // What this tab passed on last, for those that come later.
let changes: number | null = null; // Of the chats, as they were last told.

const heard: Record<string, (body: never) => void> = {
  health: (body: Health) => server.is(body),
  backends: (body: { backends: Backend[] }) => (server.backends = body.backends),
  documents: (body: { generation: number }) => void library.upTo(body.generation),
  chats: (body: { changes: number }) => {
    if (changes !== null && changes !== body.changes) void chats.read();
    changes = body.changes;
  },
  jobs: (body: { jobs: Job[] }) => (jobs.all = body.jobs),
  offline: () => (server.online = false),
  hello: () => told.forEach((body, name) => channel.postMessage({ name, body })),
};

function take(name: string, body: unknown): void {
  heard[name]?.(body as never);
}

function tell(name: string, body: unknown): void {
  if (name === "offline") told.clear();
  else told.set(name, body);
  take(name, body);
  channel.postMessage({ name, body });
}

// Until it breaks.
async function listen(signal: AbortSignal): Promise<void> {
  const quiet = new AbortController();
  let timer = 0;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => quiet.abort(), silence);
  };
  again();
  try {
    const response = await send("GET", "/api/events", undefined, AbortSignal.any([signal, quiet.signal]));
    const reader = new EventReader();
    for await (const piece of pieces(response)) {
      again();
      for (const event of reader.take(piece)) tell(event.name, JSON.parse(event.data));
    }
  } finally {
    clearTimeout(timer);
  }
}

async function hold(signal: AbortSignal): Promise<void> {
  for (let lost = 0; !signal.aborted; lost++) {
    try {
      await listen(signal);
      lost = 0;
    } catch (thrown) {
      if (signal.aborted) return;
      if (asFailure(thrown).status === 0) tell("offline", null);
    }
    await new Promise((later) => setTimeout(later, Math.min(500 * 2 ** lost, 5000)));
  }
}

function whileSeen(): void {
  let seen: AbortController | null = null;
  const look = () => {
    if (document.hidden) seen?.abort();
    if (document.hidden) seen = null;
    else if (!seen) void hold((seen = new AbortController()).signal);
  };
  document.addEventListener("visibilitychange", look);
  look();
}

channel.onmessage = (event: MessageEvent<{ name: string; body: unknown }>) => take(event.data.name, event.data.body);
channel.postMessage({ name: "hello", body: null });
if (navigator.locks) void navigator.locks.request("docmind-events", () => hold(new AbortController().signal));
else whileSeen();
