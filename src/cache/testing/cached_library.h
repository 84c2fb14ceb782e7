// A real library with its search, a cache of answers before it, and somebody who answers with the best passage. For
// tests.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "cache/answer_cache.h"
#include "cache/testing/fake_entries.h"
#include "retrieval/testing/small_library.h"

namespace docmind::cache {

class CachedLibrary : public ::testing::Test {
 protected:
  struct Told {
    std::string text{};
    std::string layer = "miss";
    std::string why{};
    std::optional<Refusal> refused{};
    double distance = 0;
    double age = 0;
  };

  // A machine with a library of its own, and the same store of entries.
  class Stranger {
   public:
    explicit Stranger(Entries& entries) {
      AnswerCacheDeps deps{.entries = entries,
                           .library = library_.library(),
                           .clock = library_.clock(),
                           .metrics = metrics_,
                           .normalised = [](std::string_view text) { return std::string(text); },
                           .compare = [](std::string_view) -> Compare {
                             return [](std::string_view) { return Result<Compared>(Compared{}); };
                           }};
      cache_ = library::testing::must(AnswerCache::open({}, std::move(deps), Deadline::never(), {}));
    }
    AnswerCache& cache() { return *cache_; }

   private:
    retrieval::SmallLibrary library_;
    obs::Metrics metrics_;
    std::unique_ptr<AnswerCache> cache_;
  };

  CachedLibrary() {
    scope_.corpus = "test";
    scope_.embedder = library_.embedder().settings().model_hash;
    scope_.query_type = "ask";
    library_.clock().advance(std::chrono::hours(1));
    put("pump.txt", "The pump runs at 40 bar.");
    put("house.txt", "The house has a green roof.");
    index_ = library_.index();
    reopen();
  }

  library::Document put(const std::string& path, const std::string& says) {
    return library_.put({.path = path, .sections = {{"Facts", {says}}}});
  }
  void remove(const std::string& path) { ASSERT_TRUE(library_.library().remove_document(path, Deadline::never(), {})); }

  // As a new process does.
  void reopen() {
    cache_.reset();
    cache_ = another();
  }
  // As a process on another machine does, with a copy of the library and the same store of entries.
  std::unique_ptr<AnswerCache> another() {
    AnswerCacheDeps deps{.entries = entries_,
                         .library = library_.library(),
                         .clock = library_.clock(),
                         .metrics = metrics_,
                         .normalised = normalised_,
                         .plain = plain_,
                         .compare = [this](std::string_view asked) -> Compare {
                           return [this, question = std::string(asked)](std::string_view stored) -> Result<Compared> {
                             return Compared{DM_TRY(difference_(question, stored)), same_words_};
                           };
                         },
                         .shared = shared_questions_};
    return library::testing::must(AnswerCache::open(options_, std::move(deps), Deadline::never(), {}));
  }

  std::vector<retrieval::Hit> search(const std::string& question) {
    return library::testing::must(index_->search({.text = question, .k = 1, .filter = {}}, Deadline::never(), {})).hits;
  }
  static ContentHash best_of(const std::vector<retrieval::Hit>& hits) {
    Hasher hasher;
    for (const retrieval::Hit& hit : hits) hasher.field(hit.document_id).field(hit.text);
    return hasher.finish();
  }

  Asked asked(const std::string& question, Use use = Use::kUse) {
    Asked out{.question = question, .scope = scope_, .use = use};
    out.vector = [this, question](Deadline deadline, std::stop_token stop) -> Result<std::vector<float>> {
      const llm::EmbedInput input{question, {}};
      return std::move(DM_TRY(library_.embedder().embed({&input, 1}, deadline, std::move(stop))).front().vector);
    };
    out.best = [this](const std::string& of, Deadline, std::stop_token) -> Result<ContentHash> {
      return best_of(search(of));
    };
    return out;
  }

  // What somebody who read the library makes of it.
  Offered made(const std::string& question) {
    const std::vector<retrieval::Hit> hits = search(question);
    Offered out{.answer = "<" + hits.front().text + ">", .said = hits.front().text};
    for (const retrieval::Hit& hit : hits) {
      const library::Document document = *library_.read().find(hit.document_id);
      out.manifest.cited.push_back({document.id, document.path, document.version, hit.span, content_hash(hit.text)});
      out.manifest.read.push_back(document.id);
    }
    out.manifest.renewal = renewal_;
    out.manifest.best = best_of(hits);
    out.facts = facts_;
    out.seconds = 2;
    out.tokens = 100;
    out.trace_id = "trace of " + question;
    out.user = scope_.user;
    out.session = session_;
    ++made_;
    return out;
  }

  Told ask(const std::string& question, Use use = Use::kUse) {
    auto looked = cache_->look(asked(question, use), Deadline::never(), {});
    EXPECT_TRUE(looked);
    if (const auto& hit = looked->hit) {
      return {hit->answer, std::string(name_of(hit->layer)), {}, {}, hit->distance, hit->age};
    }
    Offered offered = made(question);
    Told told{.text = offered.answer, .why = looked->why};
    told.refused = cache_->offer(std::move(looked->ticket), std::move(offered), Deadline::never(), {});
    return told;
  }

  std::string layer(const std::string& question) { return ask(question).layer; }
  double count(const std::string& name, const obs::Labels& labels) {
    return metrics_.counter(name, "", labels).value();
  }

  // A word more than kQuestion, so that its vector is near.
  const std::string kQuestion = "At how many bar does the pump run in all of these cases";
  const std::string kOther = "At how many bar does the pump run in all of these cases please";

  retrieval::SmallLibrary library_;
  std::unique_ptr<retrieval::Index> index_;
  FakeEntries entries_;
  obs::Metrics metrics_;
  Scope scope_;
  std::string session_;
  AnswerCacheOptions options_;
  Renewal renewal_ = Renewal::kLookAgain;
  Facts facts_{.answered = true, .grounded = true};
  std::atomic<int> made_ = 0;
  std::function<std::string(std::string_view)> normalised_ = [](std::string_view text) { return lowered(text); };
  std::function<std::string(std::string_view)> plain_{};
  std::function<Result<std::string>(std::string_view, std::string_view)> difference_ =
      [](std::string_view, std::string_view) { return Result<std::string>(std::string()); };
  std::atomic<bool> same_words_ = false;  // Of any two that do not differ.
  SharedQuestions* shared_questions_ = nullptr;
  std::unique_ptr<AnswerCache> cache_;
};

}  // namespace docmind::cache
