// What the agents take and hand on, field by field: the one place where their types meet JSON. `describe(value, field)`
// calls `field(name, member)` for each member; who visits makes a schema of it (agent_schemas.cc) or JSON
// (testing/typed_agents.h). A type of this room is taken apart by a structured binding, so a member that is added and
// not described does not compile. Pure.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "agents/question_graph.h"
#include "library/records.h"

namespace docmind::agents {

enum class Least : std::uint8_t { kNone, kOne };  // Items of a list, characters of a text.

// ---- inputs that are no type of their own ----

struct RouterInput {
  std::string question;
};
struct RetrievalInput {
  Part part;
  Route route = Route::kHybrid;
};
struct SynthesisInput {
  std::vector<Evidence> evidence;
};
struct KnownDocument {
  std::int64_t key = 0;
  std::string id;
};

// ---- names ----

std::span<const std::string_view> names_of(Route);
std::span<const std::string_view> names_of(Fate);
std::span<const std::string_view> names_of(library::UnitKind);

template <typename T>
concept Named = requires(T value) { names_of(value); };

// ---- members ----

template <typename Field>
void describe(const RouterInput& it, Field& field) {
  field("question", it.question);
}

template <typename Field>
void describe(const Routing& it, Field& field) {
  const auto& [route, question, reason] = it;
  field("route", route);
  field("question", question, Least::kOne);
  field("reason", reason);
}

template <typename Field>
void describe(const Part& it, Field& field) {
  const auto& [text, asks] = it;
  field("text", text, Least::kOne);
  field("asks", asks);
}

template <typename Field>
void describe(const llm::ChatUsage& it, Field& field) {
  field("prompt", it.prompt);
  field("cached", it.cached);
  field("completion", it.completion);
}

template <typename Field>
void describe(const Decided& it, Field& field) {
  const auto& [fallback, overruled, usage] = it;
  field("fallback", fallback);
  field("overruled", overruled);
  field("usage", usage);
}

template <typename Field>
void describe(const Plan& it, Field& field) {
  const auto& [parts, model] = it;
  field("parts", parts, Least::kOne);
  field("model", model);
}

template <typename Field>
void describe(const RetrievalInput& it, Field& field) {
  field("part", it.part);
  field("route", it.route);
}

template <typename Field>
void describe(const doc::Span& it, Field& field) {
  field("start", it.start);
  field("end", it.end);
}

template <typename Field>
void describe(const retrieval::Candidate& it, Field& field) {
  field("unit", it.unit);
  field("cosine", it.cosine);
  field("heading_cosine", it.heading_cosine);
  field("chunk_rank", it.chunk_rank);
  field("bm25_rank", it.bm25_rank);
  field("dense_rank", it.dense_rank);
}

template <typename Field>
void describe(const library::Unit& it, Field& field) {
  field("id", it.id);
  field("document", it.document);
  field("span", it.span);
  field("kind", it.kind);
  field("block", it.block);
  field("page", it.page);
  field("section", it.section);
  field("lead_in", it.lead_in);
  field("source", it.source);
  field("text", it.text);
}

template <typename Field>
void describe(const retrieval::UnitInPlace& it, Field& field) {
  field("unit", it.unit);
  field("terms", it.terms);
}

template <typename Field>
void describe(const retrieval::SectionInPlace& it, Field& field) {
  field("document", it.section.document);
  field("index", it.section.index);
  field("path", it.section.path);
  field("terms", it.terms);
  field("cosine", it.cosine);
}

template <typename Field>
void describe(const KnownDocument& it, Field& field) {
  field("key", it.key);
  field("id", it.id);
}

template <typename Field>
void describe(const retrieval::WeightedTerm& it, Field& field) {
  field("text", it.text);
  field("idf", it.idf);
}

template <typename Field>
void describe(const retrieval::Hit& it, Field& field) {
  field("chunk", it.chunk_id);
  field("document", it.document);
  field("document_id", it.document_id);
  field("page", it.page);
  field("span", it.span);
  field("heading", it.heading);
  field("text", it.text);
  field("score", it.score);
}

template <typename Field>
void describe(const retrieval::CandidateSet& it, Field& field) {
  std::vector<KnownDocument> documents;
  for (const auto& [key, id] : it.documents) documents.push_back({key, id});
  field("candidates", it.candidates);
  field("units", it.units);
  field("sections", it.sections);
  field("documents", documents);
  field("terms", it.terms);
  field("nearest", it.nearest);
  field("units_total", it.units_total);
  field("dense_used", it.dense_used);
  field("degraded", it.degraded);
}

template <typename Field>
void describe(const Passage& it, Field& field) {
  const auto& [document, span, first_unit, last_unit, block, heading, pieces] = it;
  field("document", document);
  field("span", span);
  field("first_unit", first_unit);
  field("last_unit", last_unit);
  field("block", block);
  field("heading", heading);
  field("pieces", pieces);
}

template <typename Field>
void describe(const SetClaim& it, Field& field) {
  const auto& [said, passages] = it;
  field("said", said);
  field("passages", passages);
}

template <typename Field>
void describe(const ReadSet& it, Field& field) {
  const auto& [kind, document_id, span, rows, used] = it;
  field("kind", kind);
  field("document_id", document_id);
  field("span", span);
  field("rows", rows);
  field("used", used);
}

template <typename Field>
void describe(const Exhaustive& it, Field& field) {
  const auto& [operation, claims, unit, read, total, partial_reason, sets, documents, missing] = it;
  field("operation", operation);
  field("claims", claims);
  field("unit", unit);
  field("read", read);
  field("total", total);
  field("partial_reason", partial_reason);
  field("sets", sets);
  field("documents", documents);
  field("missing", missing);
}

template <typename Field>
void describe(const Evidence& it, Field& field) {
  const auto& [part, found, set] = it;
  field("part", part);
  field("found", found);
  field("set", set);
}

template <typename Field>
void describe(const SynthesisInput& it, Field& field) {
  field("evidence", it.evidence, Least::kOne);
}

template <typename Field>
void describe(const DraftClaim& it, Field& field) {
  const auto& [passages, score, part, said, marks] = it;
  field("passages", passages);
  field("score", score);
  field("part", part);
  field("said", said);
  field("marks", marks);
}

template <typename Field>
void describe(const RankedUnit& it, Field& field) {
  const auto& [unit, fate] = it;
  field("unit", unit.candidate.unit);
  field("coverage", unit.coverage);
  field("context_coverage", unit.context_coverage);
  field("cue", unit.cue);
  field("is_question", unit.is_question);
  field("score", unit.score);
  field("fate", fate);
}

template <typename Field>
void describe(const ShownPassage& it, Field& field) {
  const auto& [text, document, page] = it;
  field("text", text);
  field("document", document);
  field("page", page);
}

template <typename Field>
void describe(const Writing& it, Field& field) {
  const auto& [model, context, usage, shown, fallbacks, cut] = it;
  field("model", model);
  field("context", context);
  field("usage", usage);
  field("shown", shown);
  field("fallbacks", fallbacks);
  field("cut", cut);
}

template <typename Field>
void describe(const Draft& it, Field& field) {
  const auto& [claims, best, ranked, unanswered, writing, general, general_failure] = it;
  field("claims", claims);
  field("best", best);
  field("ranked", ranked);
  field("unanswered", unanswered);
  field("writing", writing);
  field("general", general);
  field("general_failure", general_failure);
}

template <typename Field>
void describe(const Citation& it, Field& field) {
  const auto& [document, document_id, version, page, page_end, page_label, locator, span, quote, before, after, state] =
      it;
  field("document", document);
  field("document_id", document_id);
  field("version", version);
  field("page", page);
  field("page_end", page_end);
  field("page_label", page_label);
  field("locator", locator);
  field("span", span);
  field("quote", quote);
  field("before", before);
  field("after", after);
  field("state", state);
}

template <typename Field>
void describe(const Claim& it, Field& field) {
  const auto& [text, supported, doubt, origin, citations] = it;
  field("text", text);
  field("supported", supported);
  field("doubt", doubt);
  field("origin", origin);
  field("citations", citations);
}

template <typename Field>
void describe(const Validated& it, Field& field) {
  const auto& [claims, dropped, model] = it;
  field("claims", claims);
  field("dropped", dropped);
  field("model", model);
}

// ---- kinds of members ----

template <typename T>
struct ItemOf;  // Of what becomes a JSON array.
template <typename T>
struct ItemOf<std::vector<T>> {
  using type = T;
};
template <typename K, typename T>
struct ItemOf<std::map<K, T>> {
  using type = T;
};
template <>
struct ItemOf<retrieval::TermSet> {
  using type = std::uint32_t;
};
template <typename T>
concept Listed = requires { typename ItemOf<T>::type; };

template <typename T>
struct InsideOf;
template <typename T>
struct InsideOf<std::optional<T>> {
  using type = T;
};
template <typename T>
concept Perhaps = requires { typename InsideOf<T>::type; };

}  // namespace docmind::agents
