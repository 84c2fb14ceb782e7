#include "service/page_pictures.h"

#include <utility>

namespace docmind::service {

Result<std::unique_ptr<PagePictures>> PagePictures::open(doc::PageRenderer& renderer, Originals& originals,
                                                         const Clock& clock) {
  auto drawing = DM_TRY(resilience::Bulkhead::open("page pictures", {.running = kDrawing, .waiting = kWaiting}, clock));
  return std::unique_ptr<PagePictures>(new PagePictures(renderer, originals, std::move(drawing)));
}

Result<PagePictures::Png> PagePictures::get(const library::Document& document, std::uint32_t page, std::uint32_t width,
                                            Deadline deadline, std::stop_token stop) {
  const Key key{document.version, page, width};
  if (Png kept = find(key)) return kept;
  const auto permit = DM_TRY(drawing_->enter(deadline, stop));
  if (Png kept = find(key)) return kept;  // Drawn while this one waited.
  const std::string original = DM_TRY(originals_.read(document));
  auto png =
      std::make_shared<const std::string>(DM_TRY(renderer_.render(original, page, width, deadline, std::move(stop))));
  keep(key, png);
  return Png(std::move(png));
}

PagePictures::Png PagePictures::find(const Key& key) {
  const MutexLock lock(mutex_);
  const auto found = places_.find(key);
  if (found == places_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found->second);
  return found->second->second;
}

void PagePictures::keep(const Key& key, Png png) {
  const MutexLock lock(mutex_);
  if (png->size() > kMostKept / 4 || places_.contains(key)) return;
  bytes_ += png->size();
  kept_.emplace_front(key, std::move(png));
  places_[key] = kept_.begin();
  while (bytes_ > kMostKept) drop(std::prev(kept_.end()));
}

void PagePictures::drop(Kept::iterator one) {
  bytes_ -= one->second->size();
  places_.erase(one->first);
  kept_.erase(one);
}

void PagePictures::forget(const std::string& version) {
  const MutexLock lock(mutex_);
  for (auto one = kept_.begin(); one != kept_.end();) {
    const auto next = std::next(one);
    if (std::get<0>(one->first) == version) drop(one);
    one = next;
  }
}

std::uint64_t PagePictures::bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace docmind::service
