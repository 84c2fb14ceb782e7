// The objects of docs/cli.md and docs/api.md, as far as the interface reads them.

export interface Citation {
  document: string;
  document_id: string;
  version: string;
  page: number | null;
  page_end: number | null;
  page_label: string | null;
  locator: string | null;
  start: number;
  end: number;
  quote: string;
  before: string;
  after: string;
  state: "current" | "changed" | "deleted" | "forged";
}

export interface Claim {
  text: string;
  supported: boolean | null;
  doubt: string | null;
  origin: "documents" | "general";
  citations: Citation[];
}

export interface Ranks {
  bm25: number | null;
  dense: number | null;
  rerank?: number | null;
}

export interface Hit {
  document: string;
  document_id: string;
  page: number | null;
  start: number;
  end: number;
  text: string;
  score: number;
  ranks: Ranks;
}

// A document of an answer that asks each by itself: its claims are [first, first + count) of the answer's.
export interface Part {
  document: string;
  document_id: string;
  title: string | null;
  status: "answered" | "partial" | "abstained" | "failed";
  reason: string | null;
  first: number;
  count: number;
  nearest: Hit[];
  trace_id: string | null;
}

export interface Answer {
  answer: string;
  mode: "extractive" | "generated";
  status: "answered" | "abstained" | "partial";
  claims: Claim[];
  query_used: string;
  coverage: { read: number; total: number; unit: string };
  fallbacks: string[];
  partial_reason: string | null;
  cache_age: number | null;
  sends_text_to: string[];
  dropped: string[];
  nearest: Hit[];
  agents: { name: string; seconds: number; status: "ok" | "failed" | "skipped" }[];
  tokens: { prompt: number; computed: number; forked: number; restored: number; drafted: number; completion: number };
  context: {
    trimmed: boolean;
    policy: string | null;
    limit: number | null;
    original_tokens: number;
    final_tokens: number;
    dropped: { kind: string; role?: string; end?: number; count?: number }[];
  };
  cache: "miss" | "exact" | "semantic";
  backend: string | null;
  trace_id: string | null;
  seconds: number;
  analysis?: "combined" | "separate"; // Not of answers of earlier versions; as those below.
  parts?: Part[];
}

export interface Turn {
  session: string;
  turn: number;
  question: string;
  query_used: string;
  because: string | null;
  asked_ms: number;
  answer: Answer;
}

export interface Template {
  name: string;
  text: string;
  blanks: string[]; // The names of its blanks: "topic" of {topic}.
  built_in: boolean; // Came with DocMind.
}

export interface SessionInfo {
  session: string;
  title: string;
  turns: number;
  started_ms: number;
  changed_ms: number;
  unanswered: string | null;
}

export interface DocumentInfo {
  document: string;
  document_id: string;
  version: string;
  type: string;
  title: string | null;
  size: number;
  modified_ms: number;
  added_ms: number;
  pages: number | null;
  chunks: number;
  warnings: string[];
}

export interface Summary {
  documents: number;
  added: number;
  updated: number;
  unchanged: number;
  failed: { path: string; error: string }[];
  skipped: number;
  chunks: number;
  seconds: number;
}

export interface Progress {
  stage: "looking" | "reading" | "embedding" | "storing" | "done";
  file: string | null;
  files_done: number;
  files_total: number;
  pages: number;
  chunks_done: number;
  chunks_found: number;
  seconds: number;
  seconds_left: number | null;
}

export interface Job {
  job: string;
  what: string;
  began_ms: number;
  progress: Progress | null;
}

export interface Backend {
  name: string;
  where: string;
  in_use: boolean;
  leaves_this_machine: boolean;
  capabilities: {
    model: string;
    server: string;
    context: number;
    json_schema: boolean;
    tools: boolean;
    thinking: boolean;
    counts_tokens: boolean;
    caches_prefix: boolean;
  } | null;
  tried: boolean;
  loaded: boolean;
  reduced: string[] | string | null;
  start_seconds: number | null;
  failure: string | null;
  answers: number;
  failures: number;
}

export interface HealthCheck {
  name: string;
  status: "ok" | "degraded" | "failed";
  message: string;
  since_ms: number;
  last_error: { code: string; message: string; at_ms: number } | null;
  fallback: string | null; // What stands in for it now.
}

export interface Health {
  status: "healthy" | "degraded" | "unhealthy";
  version: string;
  ready: boolean;
  checks: HealthCheck[];
  alerts: Alert[]; // Those that somebody should know of now.
}

export interface Alert {
  name: string;
  title: string;
  state: "ok" | "pending" | "warning" | "critical" | "no_data" | "not_on_this_machine";
  since_ms: number;
  value: number | null;
  limit: number;
  unit: string;
  says: string;
  to_do: string;
  expected: { seconds: number; least: number; most: number | null } | null;
}

export interface ModelCard {
  name: string;
  bytes: number;
  type: string;
  loss: { loss: number } | null;
}

export interface ModelFile {
  name: string;
  bytes: number;
  usable: boolean;
  why?: string; // When it is not.
  card?: ModelCard;
  purpose?: "text" | "embedding" | "reranking";
  quantisation?: string;
  context?: number;
}

export interface ModelPlan {
  model: string;
  context: number;
  trained_for: number;
  kv_type: string;
  weights: number;
  kv: number;
  overhead: number;
  bytes: number; // All three together,
  main_memory: number; // and what of it is not on cards.
  available: number; // Of main memory, for it,
  cards_available: number; // and of the cards.
  fits: boolean;
  why: string | null;
  fixes: { context: number; kv_type: string; bytes: number }[];
  cards: { name: string; layers: number; bytes: number }[];
}

export interface ModelJob {
  id: string;
  kind: "pull" | "import";
  asked: { repository?: string; from?: string; file?: string; folder?: string; name?: string; type?: string };
  state: "running" | "done" | "failed" | "stopped";
  stopping: boolean;
  what: string;
  done: number;
  total: number;
  bytes_per_second: number | null;
  seconds_left: number | null;
  waits: { why: string; seconds: number } | null;
  failure: { code: string; message: string; hint: string } | null;
  model: ModelCard | null;
}
