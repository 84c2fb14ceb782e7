// A service for tests: answers what it was told to and remembers what it was asked. One thread at a time.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/service.h"

namespace docmind::server::testing {

class FakeService final : public service::Service {
 public:
  Result<service::Summary> ingest(const std::vector<std::string>& paths, const service::OnProgress& on_progress,
                                  Deadline, std::stop_token stop) override {
    ingested = paths;
    return work(on_progress, stop);
  }
  Result<service::Summary> upload(const std::string& name, std::string bytes, const service::OnProgress& on_progress,
                                  Deadline, std::stop_token stop) override {
    uploads.emplace_back(name, std::move(bytes));
    return work(on_progress, stop);
  }
  Result<service::Answer> ask(const service::Question& asked, Deadline, std::stop_token) override {
    question = asked;
    if (watched) watched(asked.watch);
    if (asked.on_part && !answer.by_document.empty()) asked.on_part(answer, answer.by_document.size());
    return or_failure(answer);
  }
  Result<service::SearchResult> search(const service::Query& asked, Deadline, std::stop_token) override {
    query = asked;
    return or_failure(found);
  }
  Result<service::LibraryInfo> documents(service::Hashing hashing, Deadline, std::stop_token) override {
    service::LibraryInfo info = library;
    if (hashing == service::Hashing::kContent) info.content_hash = "c0ffee";
    return or_failure(info);
  }
  std::uint64_t generation() const override { return library.generation; }
  Result<service::DocumentInfo> remove(std::string_view which, Deadline, std::stop_token) override {
    removed = which;
    return or_failure(document);
  }
  Result<service::Marks> marks(const service::PlaceAsked& asked, Deadline, std::stop_token) override {
    place = asked;
    return or_failure(marked);
  }
  Result<service::PagePicture> page(const service::PageAsked& asked, Deadline, std::stop_token) override {
    page_asked = asked;
    return or_failure(picture);
  }
  Result<service::TextView> text(const service::PlaceAsked& asked, Deadline, std::stop_token) override {
    place = asked;
    return or_failure(viewed);
  }
  Result<service::Removal> removal(std::string_view which, Deadline, std::stop_token) override {
    removed = which;
    return or_failure(going);
  }
  Result<> forget_traces(std::span<const std::string> ids, Deadline, std::stop_token) override {
    forgotten.insert(forgotten.end(), ids.begin(), ids.end());
    return {};
  }
  Result<std::string> trace(std::string_view id, Deadline, std::stop_token) override {
    return or_failure("{\"trace_id\":\"" + std::string(id) + "\"}");
  }
  Result<cache::AnswerCacheStats> cache_stats() override { return or_failure(cached); }
  Result<service::Performance> performance(Deadline, std::stop_token) override { return or_failure(measured); }
  Result<std::uint64_t> purge_cache(cache::PurgeBy by, std::string_view name, Deadline, std::stop_token) override {
    purged.emplace_back(by, name);
    return or_failure(std::uint64_t{purged.size()});
  }
  Result<service::Replay> replay(std::string_view, Deadline, std::stop_token) override { return or_failure(replayed); }
  Result<service::Verification> verify(const std::vector<agents::Citation>& given, Deadline, std::stop_token) override {
    citations = given;
    return or_failure(verification);
  }
  void use(const service::ServiceOptions&) override {}
  service::AgentTotals agent_totals() override { return totals; }
  std::vector<service::Check> health() override { return checks; }
  bool ready() override { return is_ready; }
  Result<> warm_up(Deadline, std::stop_token) override { return {}; }
  std::vector<service::Check> doctor(Deadline, std::stop_token) override { return checks; }

  // What it answers.
  std::optional<Error> failure;
  service::Summary summary;
  std::vector<service::Progress> progress;
  service::Answer answer;
  service::SearchResult found;
  service::LibraryInfo library;
  service::DocumentInfo document;
  service::Replay replayed;
  service::Marks marked;
  service::TextView viewed;
  service::PagePicture picture;
  service::Removal going;
  service::Verification verification;
  service::AgentTotals totals;
  service::Performance measured{};
  cache::AnswerCacheStats cached;
  std::vector<service::Check> checks;
  bool is_ready = true;
  // What it was asked.
  std::vector<std::string> forgotten;  // Traces.
  std::vector<std::string> ingested;
  std::vector<std::pair<std::string, std::string>> uploads;
  std::vector<std::pair<cache::PurgeBy, std::string>> purged;
  std::function<void(const agents::Watch&)> watched{};
  std::function<void(const std::stop_token&)> working{};  // While documents are read.
  service::Question question;
  service::Query query;
  service::PlaceAsked place;
  service::PageAsked page_asked;
  std::string removed;
  std::vector<agents::Citation> citations;

 private:
  template <typename T>
  Result<T> or_failure(T value) const {
    if (failure) return *failure;
    return value;
  }
  Result<service::Summary> work(const service::OnProgress& on_progress, const std::stop_token& stop) {
    for (const service::Progress& one : progress) on_progress(one);
    if (working) working(stop);
    return or_failure(summary);
  }
};

}  // namespace docmind::server::testing
