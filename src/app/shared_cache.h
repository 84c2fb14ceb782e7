// The cache that several machines share in a Redis, as cache.shared names it, before this machine's own.
//
// Thread safety: entries() as cache::Entries; the rest on one thread.
#pragma once
#include <memory>
#include <string>

#include "app/layout.h"
#include "base/clock.h"
#include "cache/redis/redis_entries.h"
#include "cache/shared/shared_entries.h"
#include "config/settings.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sys/files.h"

namespace docmind::app {

struct SharedCacheDeps {  // All outlive it.
  const config::Settings& settings;
  const Layout& layout;
  const Clock& clock;
  sys::Files& files;
  const obs::Log& log;
  obs::Metrics& metrics;
  cache::Entries& local;
};

// kInvalidArgument when cache.shared is set and is no address of a Redis that may be sent text.
Result<> check_shared_cache(const config::Settings& settings);

// What is at cache.shared just now, as sentences for `docmind doctor`. The Error says what is wrong and what to do.
struct SharedCacheState {
  std::string place{};  // Without a password.
  cache::RedisReport report{};
};
Result<SharedCacheState> examine_shared_cache(const config::Settings& settings, const Clock& clock, Deadline deadline,
                                              std::stop_token stop);

class SharedCache {
 public:
  // cache.shared is set. Errors: those of check_shared_cache(). A Redis that cannot be used now is logged, and tried
  // again with later questions.
  static Result<std::unique_ptr<SharedCache>> open(const SharedCacheDeps& deps);

  cache::SharedEntries& entries() { return *entries_; }
  // When it is another machine; else empty.
  const std::string& sends_text_to() const { return sends_text_to_; }

 private:
  SharedCache() = default;
  std::unique_ptr<cache::PurgeJournal> journal_;
  std::unique_ptr<cache::RedisEntries> redis_;
  std::unique_ptr<cache::SharedEntries> entries_;
  std::string sends_text_to_;
};

}  // namespace docmind::app
