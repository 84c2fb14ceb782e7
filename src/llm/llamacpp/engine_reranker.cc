#include "llm/llamacpp/engine_reranker.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/json.h"
#include "net/http.h"

namespace docmind::llamacpp {
namespace {

namespace json = boost::json;

constexpr std::size_t kBatchDocuments = 256;      // In one request.
constexpr std::uint64_t kBatchBytes = 1U << 20U;  // A single longer document goes alone.

Error bad_reply(const std::string& what) {
  return {Code::kDataLoss, "The reranking engine's reply is not usable: " + what + ".",
          "Try again; if it stays, the model file may be damaged: import it again."};
}

// How many of the first documents go into the next request: at least one.
std::size_t batch_size(std::span<const std::string> documents) {
  std::uint64_t bytes = 0;
  std::size_t n = 0;
  for (; n < std::min(documents.size(), kBatchDocuments); ++n) {
    bytes += documents[n].size();
    if (n > 0 && bytes > kBatchBytes) break;
  }
  return n;
}

std::string request_of(std::string_view query, std::span<const std::string> documents) {
  return to_text(
      {{"query", query}, {"documents", json::array(documents.begin(), documents.end())}, {"raw_scores", true}});
}

Result<std::vector<double>> scores_of(std::string_view body, std::size_t documents) {
  const Result<json::value> root = parse_json(body, {.depth = 8, .bytes = 4096 + documents * 256});
  const json::object* object = root ? root->if_object() : nullptr;
  const json::value* results = object != nullptr ? object->if_contains("results") : nullptr;
  if (results == nullptr || !results->is_array() || results->get_array().size() != documents) {
    return bad_reply("it has not one score per document");
  }
  std::vector<double> scores(documents, std::numeric_limits<double>::quiet_NaN());
  for (const json::value& result : results->get_array()) {
    const json::object* entry = result.if_object();
    const json::value* index = entry != nullptr ? entry->if_contains("index") : nullptr;
    const json::value* score = entry != nullptr ? entry->if_contains("relevance_score") : nullptr;
    const std::int64_t* at = index != nullptr ? index->if_int64() : nullptr;
    if (at == nullptr || *at < 0 || static_cast<std::size_t>(*at) >= documents || score == nullptr ||
        !score->is_number()) {
      return bad_reply("a score is missing");
    }
    scores[static_cast<std::size_t>(*at)] = score->to_number<double>();
  }
  // One that was given twice leaves another without.
  if (std::ranges::all_of(scores, [](double s) { return std::isfinite(s); })) return scores;
  return bad_reply("a document has no finite score");
}

}  // namespace

Result<std::vector<double>> EngineReranker::score(std::string_view query, std::span<const std::string> documents,
                                                  Deadline deadline, std::stop_token stop) {
  std::vector<double> out;
  while (!documents.empty()) {
    const auto batch = documents.first(batch_size(documents));
    llm::BackendReply reply = DM_TRY(backend_.post("/v1/rerank", request_of(query, batch), {}, deadline, stop));
    if (reply.status < 200 || reply.status >= 300) {
      return net::error_of({.status = reply.status, .headers = {}, .body = std::move(reply.body)});
    }
    std::ranges::copy(DM_TRY(scores_of(reply.body, batch.size())), std::back_inserter(out));
    documents = documents.subspan(batch.size());
  }
  return out;
}

}  // namespace docmind::llamacpp
