// The shapes that have a name, in the notation of server/shape.h: what several routes take or answer. docs/cli.md says
// what the fields mean.
#pragma once
#include <array>
#include <string_view>
#include <utility>

namespace docmind::server {

using DeclaredShape = std::pair<std::string_view, std::string_view>;

inline constexpr std::array kDeclaredShapes = {
    DeclaredShape{"Error", "{error: {code: text, message: text, hint: text, key?: text}}"},
    DeclaredShape{"ErrorOfV1",
                  "{error: {code: text, message: text, hint: text, *: any}} | "
                  "{type: \"error\", error: {type: text, message: text}}"},

    DeclaredShape{"ServerEvent", "{data: text, event?: text, id?: text, *: any}"},

    // What requests carry.
    DeclaredShape{"Filter",
                  "{documents?: [text 1..] 0..1000, types?: [text 1..] 0..1000, from?: whole | null, "
                  "to?: whole | null}"},
    DeclaredShape{"Question",
                  "{question: text 1..16384, filter?: Filter | null, "
                  "cache?: \"use\" | \"bypass\" | \"refresh\", user?: text 0..256, "
                  "analysis?: \"combined\" | \"separate\"}"},
    DeclaredShape{"SessionQuestion", "{...Question, as_typed?: flag, turn?: whole 1..1000000}"},
    DeclaredShape{"Named", "{name: text 1..}"},
    DeclaredShape{"AnyObject", "{*: any}"},
    DeclaredShape{"CitationGiven",
                  "{document: text, document_id: text, version: text, quote: text, start: whole 0.., "
                  "end: whole 0.., *: any}"},

    DeclaredShape{"SearchQuery",
                  "{q: text 1..16384, k?: whole 1..1000, document?: [text 1..] 0..1000, "
                  "type?: [text 1..] 0..1000, from?: whole, to?: whole}"},
    DeclaredShape{"PlaceQuery",
                  "{version?: text, start?: whole 0.., end?: whole 0.., offset?: whole 0.., quote?: text}"},

    // What is answered.
    DeclaredShape{"Citation",
                  "{document: text, document_id: text, version: text, page: whole | null, "
                  "page_end: whole | null, page_label: text | null, locator: text | null, start: whole 0.., "
                  "end: whole 0.., quote: text, before: text, after: text, "
                  "state: \"current\" | \"changed\" | \"deleted\" | \"forged\"}"},
    DeclaredShape{"Claim",
                  "{text: text, supported: flag | null, doubt: text | null, origin: \"documents\" | \"general\", "
                  "citations: [Citation]}"},
    DeclaredShape{"Hit",
                  "{document: text, document_id: text, page: whole | null, start: whole 0.., end: whole 0.., "
                  "text: text, score: number, "
                  "ranks: {bm25: whole | null, dense: whole | null, rerank: whole | null}}"},
    DeclaredShape{"Part",
                  "{document: text, document_id: text, title: text | null, "
                  "status: \"answered\" | \"partial\" | \"abstained\" | \"failed\", reason: text | null, "
                  "first: whole 0.., count: whole 0.., nearest: [Hit], trace_id: text | null}"},
    DeclaredShape{
        "Answer",
        "{answer: text, mode: \"extractive\" | \"generated\", status: \"answered\" | \"abstained\" | \"partial\", "
        "claims: [Claim], query_used: text, coverage: {read: whole, total: whole, unit: text}, fallbacks: [text], "
        "partial_reason: text | null, cache_age: number | null, sends_text_to: [text], dropped: [text], nearest: "
        "[Hit], "
        "agents: [{name: text, seconds: number, status: text}], "
        "tokens: {prompt: whole, computed: whole, forked: whole, restored: whole, drafted: whole, completion: whole}, "
        "context: {trimmed: flag, policy: text | null, limit: whole | null, original_tokens: whole, "
        "final_tokens: whole, dropped: [{*: any}], *: any}, cache: \"miss\" | \"exact\" | \"semantic\", "
        "backend: text | null, trace_id: text | null, seconds: number, "
        "analysis?: \"combined\" | \"separate\", parts?: [Part]}"},
    DeclaredShape{"SearchResult", "{hits: [Hit], degraded: text | null, seconds: number}"},
    DeclaredShape{"Document",
                  "{document: text, document_id: text, version: text, type: text, title: text | null, "
                  "size: whole, modified_ms: whole, added_ms: whole, pages: whole | null, chunks: whole, "
                  "warnings: [text]}"},
    DeclaredShape{"Progress",
                  "{stage: text, file: text | null, files_done: whole, files_total: whole, bytes_done: whole, "
                  "bytes_total: whole, pages: whole, chunks_done: whole, chunks_found: whole, seconds: number, "
                  "seconds_left: number | null}"},
    DeclaredShape{"Summary",
                  "{documents: whole, added: whole, updated: whole, unchanged: whole, "
                  "failed: [{path: text, error: text}], missing: [text], skipped: whole, renamed: whole, "
                  "chunks: whole, embedded: whole, seconds: number}"},
    DeclaredShape{"Turn",
                  "{turn: whole 1.., question: text, query_used: text, because: text | null, asked_ms: whole, "
                  "filter: {*: any} | null, answer: Answer}"},
    DeclaredShape{"SessionTurn", "{session: text, ...Turn}"},
    DeclaredShape{"Template", "{name: text, text: text, blanks: [text], built_in: flag}"},
    DeclaredShape{"SessionOverview",
                  "{session: text, title: text, turns: whole, started_ms: whole, changed_ms: whole, "
                  "unanswered: text | null}"},
    DeclaredShape{"Session", "{...SessionOverview, messages: [Turn]}"},
    DeclaredShape{"Run",
                  "{run: text, session: text | null, question: text, "
                  "state: \"running\" | \"done\" | \"failed\" | \"stopped\", last_event: whole}"},
    DeclaredShape{"Spread", "{p50: number, p95: number, p99: number}"},
    DeclaredShape{"Performance",
                  "{timestamp: text, "
                  "inference: {timestamp: text, backend: text, model: text, decode_tokens_per_second: number | null, "
                  "prefill_tokens_per_second: number | null, time_to_first_token: number | null, "
                  "total_latency: number, tokens_generated: whole, context_length: whole | null} | null, "
                  "resources: {vram_used: number | null, vram_total: number | null, "
                  "vram_max_threshold: number | null, ram_used: number | null, cpu_percent: number | null, "
                  "gpu_percent: number | null}, "
                  "errors: {count: number, retries: number, fallbacks: number}, "
                  "generations: {count: whole, latency_ms: Spread | null, prefill_tokens_per_second: number | null, "
                  "decode_tokens_per_second: number | null, cached_share: number | null}, "
                  "answers: {count: whole, latency_ms: Spread | null, coordination_ms: number | null, "
                  "given_again_share: number | null}}"},
    DeclaredShape{"HealthCheck",
                  "{name: text, status: \"ok\" | \"degraded\" | \"failed\", message: text, since_ms: whole, "
                  "last_error: {code: text, message: text, at_ms: whole} | null, fallback: text | null}"},
    DeclaredShape{"Check", "{name: text, status: \"ok\" | \"degraded\" | \"failed\", message: text}"},
    DeclaredShape{"Alert",
                  "{name: text, title: text, state: \"ok\" | \"pending\" | \"warning\" | \"critical\" | "
                  "\"no_data\" | \"not_on_this_machine\", since_ms: whole, value: number | null, limit: number, "
                  "unit: text, says: text, to_do: text, "
                  "expected: {seconds: number, least: number, most: number | null} | null}"},
    DeclaredShape{"Settings",
                  "{file: text, generation: whole 1.., trouble: text | null, "
                  "settings: [{key: text, kind: text, choices: [text] | null, min: any, max: any, "
                  "unit: text | null, values: text, default: any, value: any, origin: text, "
                  "locked_by: text | null, effect: \"at_once\" | \"restart\", pending: flag, "
                  "in_force: any, in_force_origin: text, help: text}]}"},
    DeclaredShape{"Key",
                  "{id: text, name: text, scopes: [\"ask\" | \"ingest\" | \"admin\"], made_ms: whole, "
                  "expires_ms: whole | null}"},
    DeclaredShape{"KeyMade", "{...Key, key: text}"},
    DeclaredShape{
        "Backends",
        "{backends: [{name: text, where: text, in_use: flag, leaves_this_machine: flag, "
        "capabilities: {model: text, server: text, context: whole, json_schema: flag, tools: flag, "
        "thinking: flag, counts_tokens: flag, caches_prefix: flag} | null, tried: flag, loaded: flag, "
        "reduced: text | null, start_seconds: number, failure: text | null, answers: whole, failures: whole}]}"},
    DeclaredShape{"ModelCard",
                  "{name: text, hash: text, bytes: whole, source: text, type: text, loss: {loss: number, *: any} | "
                  "null}"},
    DeclaredShape{"ModelFile",
                  "{name: text, bytes: whole, usable: flag, card?: ModelCard, why?: text, architecture?: text, "
                  "purpose?: \"text\" | \"embedding\" | \"reranking\", quantisation?: text, parameters?: whole, "
                  "layers?: whole, dimensions?: whole, context?: whole}"},
    DeclaredShape{"ModelPlan",
                  "{model: text, context: whole, trained_for: whole, kv_type: text, weights: whole, kv: whole, "
                  "overhead: whole, bytes: whole, main_memory: whole, available: whole, cards_available: whole, fits: "
                  "flag, why: text | null, "
                  "fixes: [{context: whole, kv_type: text, bytes: whole}], "
                  "cards: [{name: text, layers: whole, bytes: whole}]}"},
    DeclaredShape{"ModelJob",
                  "{id: text, kind: \"pull\" | \"import\", asked: {*: any}, "
                  "state: \"running\" | \"done\" | \"failed\" | \"stopped\", stopping: flag, what: text, "
                  "done: whole, total: whole, bytes_per_second: number | null, seconds_left: number | null, "
                  "waits: {why: text, seconds: number} | null, "
                  "failure: {code: text, message: text, hint: text} | null, model: ModelCard | null}"},
    DeclaredShape{"Model", "{id: text, object: \"model\", *: any}"},
};

}  // namespace docmind::server
