#include "app/shared_cache.h"

#include <utility>

#include "app/remote_hosts.h"
#include "cache/answer_cache.h"
#include "net/address.h"

namespace docmind::app {
namespace {

Result<cache::RedisUrl> url_in(const config::Settings& settings) {
  cache::RedisUrl url = DM_TRY(cache::redis_url_of(settings.cache.shared).with("cache.shared"));
  DM_TRY(check_host("cache.shared", url.host, settings));
  return url;
}

cache::RedisEntriesOptions options_of(const config::Settings& settings, cache::RedisUrl url) {
  return {.url = std::move(url),
          .prefix = settings.cache.shared_prefix,
          .max_entries = settings.cache.entries + cache::kKeyLists};
}

}  // namespace

Result<> check_shared_cache(const config::Settings& settings) {
  if (!settings.cache.shared.empty()) (void)DM_TRY(url_in(settings));
  return {};
}

Result<SharedCacheState> examine_shared_cache(const config::Settings& settings, const Clock& clock, Deadline deadline,
                                              std::stop_token stop) {
  cache::RedisUrl url = DM_TRY(url_in(settings));
  SharedCacheState out{.place = url.shown()};
  const auto redis = DM_TRY(cache::RedisEntries::open(options_of(settings, std::move(url)), clock));
  out.report = DM_TRY(redis->examine(deadline, std::move(stop)).with(out.place));
  return out;
}

Result<std::unique_ptr<SharedCache>> SharedCache::open(const SharedCacheDeps& deps) {
  cache::RedisUrl url = DM_TRY(url_in(deps.settings));
  const std::string place = url.shown();
  std::unique_ptr<SharedCache> out(new SharedCache);
  if (!net::is_loopback({.host = url.host})) out->sends_text_to_ = place;
  cache::RedisEntriesOptions options = options_of(deps.settings, std::move(url));
  out->journal_ = std::make_unique<cache::PurgeJournal>(
      purge_journal(deps.layout, "shared", options.url.shown() + " " + options.prefix), deps.files);
  options.last_purge = out->journal_->last();
  options.purged = [&journal = *out->journal_](const cache::PurgeReceipt& last) { return journal.keep(last); };
  out->redis_ = DM_TRY(cache::RedisEntries::open(std::move(options), deps.clock));
  out->entries_ = DM_TRY(cache::SharedEntries::open(
      place, {*out->redis_, deps.local, *out->journal_, deps.clock, deps.metrics, deps.log}));
  const auto report = out->redis_->examine(Deadline::never(), {});
  if (!report) {
    deps.log.failure(obs::Level::kWarn, "shared_cache_unusable", report.error(), {{"place", place}});
    return out;
  }
  deps.log.event(obs::Level::kInfo, "shared_cache", {{"place", place}, {"server", report->server}});
  for (const std::string& remark : report->remarks()) {
    deps.log.event(obs::Level::kWarn, "shared_cache_remark", {{"place", place}, {"remark", remark}});
  }
  return out;
}

}  // namespace docmind::app
