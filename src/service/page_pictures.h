// Pictures of pages: drawn when somebody looks, two at a time, and kept in memory while there is room.
//
// Thread safety: every method from any thread. Bounds: kMostKept bytes of pictures; of those that are drawn at the same
// time kDrawing, and kWaiting that wait for it (kRateLimited beyond). An original is in memory while it is drawn.
#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <tuple>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "doc/page_renderer.h"
#include "library/records.h"
#include "resilience/bulkhead.h"
#include "service/originals.h"

namespace docmind::service {

class PagePictures {
 public:
  static constexpr std::uint64_t kMostKept = 32U << 20U;
  static constexpr std::uint32_t kDrawing = 2;
  static constexpr std::uint32_t kWaiting = 32;

  using Png = std::shared_ptr<const std::string>;

  // All outlive it.
  static Result<std::unique_ptr<PagePictures>> open(doc::PageRenderer& renderer, Originals& originals,
                                                    const Clock& clock);

  // Page `page`, from 1, of the stored version. Errors: those of Originals::read and of the renderer, kRateLimited.
  Result<Png> get(const library::Document& document, std::uint32_t page, std::uint32_t width, Deadline deadline,
                  std::stop_token stop) DM_EXCLUDES(mutex_);

  void forget(const std::string& version) DM_EXCLUDES(mutex_);
  std::uint64_t bytes() const DM_EXCLUDES(mutex_);  // Kept now.

 private:
  using Key = std::tuple<std::string, std::uint32_t, std::uint32_t>;  // version, page, width
  using Kept = std::list<std::pair<Key, Png>>;

  PagePictures(doc::PageRenderer& renderer, Originals& originals, std::unique_ptr<resilience::Bulkhead> drawing)
      : renderer_(renderer), originals_(originals), drawing_(std::move(drawing)) {}

  Png find(const Key& key) DM_EXCLUDES(mutex_);
  void keep(const Key& key, Png png) DM_EXCLUDES(mutex_);
  void drop(Kept::iterator one) DM_REQUIRES(mutex_);

  doc::PageRenderer& renderer_;
  Originals& originals_;
  const std::unique_ptr<resilience::Bulkhead> drawing_;
  mutable Mutex mutex_;
  Kept kept_ DM_GUARDED_BY(mutex_);  // The last used first.
  std::map<Key, Kept::iterator> places_ DM_GUARDED_BY(mutex_);
  std::uint64_t bytes_ DM_GUARDED_BY(mutex_) = 0;
};

}  // namespace docmind::service
