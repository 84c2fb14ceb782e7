// Asks every question of a file and prints one JSON line per answer, for tests/eval/questions.py to score.
//
// usage: questions BUILD DATA QUESTIONS.tsv [DOCUMENT...]
// Documents are ingested first (unchanged ones cost nothing). A question's line has four fields: document, page,
// question, phrase. With DOCMIND_EVAL=without each answerable question is asked of the other documents only;
// DOCMIND_EVAL= keyword switches the vectors off. DOCMIND_EVAL_CHUNKS and DOCMIND_EVAL_TAU try other settings.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "agents/ask.h"
#include "base/json.h"
#include "pipeline.h"

namespace docmind::bench {
namespace {

namespace json = boost::json;

struct Row {
  std::string document;
  std::string question;
};

std::vector<Row> read_questions(const char* path) {
  std::vector<Row> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto a = line.find('\t');
    const auto b = line.find('\t', a + 1);
    const auto c = line.find('\t', b + 1);
    if (c == std::string::npos) continue;
    rows.push_back({line.substr(0, a), line.substr(b + 1, c - b - 1)});
  }
  return rows;
}

json::object to_json(const std::string& question, const agents::Answer& answer) {
  json::array claims;
  for (const agents::Claim& claim : answer.claims) {
    json::array citations;
    for (const agents::Citation& one : claim.citations) {
      citations.push_back({{"document", one.document},
                           {"document_id", one.document_id},
                           {"page", one.page ? json::value(*one.page) : json::value(nullptr)},
                           {"page_end", one.page_end ? json::value(*one.page_end) : json::value(nullptr)},
                           {"start", one.span.start},
                           {"end", one.span.end},
                           {"locator", one.locator},
                           {"quote", one.quote}});
    }
    claims.push_back({{"text", claim.text}, {"citations", std::move(citations)}});
  }
  const std::string_view status = answer.status == agents::AnswerStatus::kAbstained ? "abstained"
                                  : answer.status == agents::AnswerStatus::kPartial ? "partial"
                                                                                    : "answered";
  return {{"question", question},        {"status", status},          {"answer", answer.text},
          {"claims", std::move(claims)}, {"seconds", answer.seconds}, {"trace_id", answer.trace_id}};
}

Result<> run(int argc, char** argv) {
  auto pipeline = DM_TRY(Pipeline::open(argv[1], argv[2]));
  const std::vector<std::filesystem::path> paths(argv + 4, argv + argc);
  if (!paths.empty()) {
    const ingest::Summary summary = DM_TRY(pipeline->ingest(paths));
    std::fprintf(stderr, "%llu documents, %llu chunks, %.1f s\n", static_cast<unsigned long long>(summary.documents),
                 static_cast<unsigned long long>(summary.chunks), summary.seconds);
    for (const auto& failed : summary.failed)
      std::fprintf(stderr, "%s: %s\n", failed.path.c_str(), failed.error.c_str());
  }
  const char* const named = std::getenv("DOCMIND_EVAL");
  const std::string_view mode = named == nullptr ? "" : named;
  retrieval::IndexOptions stages;
  if (mode == "keyword") stages.dense = retrieval::Stage::kOff;
  auto index = DM_TRY(pipeline->index(stages));
  std::vector<library::Document> documents;
  {
    auto at = DM_TRY(pipeline->library().read(Deadline::never(), {}));
    documents = DM_TRY(at.documents({}));
  }
  agents::AskOptions options;
  if (const char* const chunks = std::getenv("DOCMIND_EVAL_CHUNKS"); chunks != nullptr) {
    options.retrieval.candidates.chunks = static_cast<std::uint32_t>(std::strtoul(chunks, nullptr, 10));
  }
  if (const char* const tau = std::getenv("DOCMIND_EVAL_TAU"); tau != nullptr) {
    options.synthesis.tau = std::strtod(tau, nullptr);
  }
  for (const Row& row : read_questions(argv[3])) {
    agents::Question question{row.question, {}};
    if (mode == "without") {
      for (const library::Document& one : documents) {
        if (one.path.find(row.document) == std::string::npos) question.filter.documents.push_back(one.id);
      }
    }
    const agents::Answer answer = DM_TRY(agents::ask(
        question, {}, {pipeline->library(), *index, pipeline->clock(), pipeline->rng()}, Deadline::never(), {}));
    json::object out = to_json(row.question, answer);
    auto at = DM_TRY(pipeline->library().read(Deadline::never(), {}));
    if (!answer.trace_id.empty()) {
      const std::string trace = DM_TRY(at.trace(answer.trace_id));
      out["trace"] = DM_TRY(parse_json(trace));
    }
    std::puts(to_text(out).c_str());
  }
  return {};
}

}  // namespace
}  // namespace docmind::bench

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: questions BUILD DATA QUESTIONS.tsv [DOCUMENT...]\n");
    return 2;
  }
  const auto done = docmind::bench::run(argc, argv);
  if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
