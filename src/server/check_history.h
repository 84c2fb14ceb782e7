// What one look at the parts of the product does not tell: since when each stands as it does, and what it failed with
// last, when it does not say so itself.
//
// Thread safety: any. As exact as it is noted often; the server does so every few seconds, and whenever somebody asks.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "base/thread_annotations.h"
#include "service/service.h"

namespace docmind::server {

class CheckHistory {
 public:
  explicit CheckHistory(const Clock& clock) : clock_(clock) {}

  // Fills since_ms and last of each. The parts that there may be are few: none is forgotten.
  void note(std::vector<service::Check>& checks);

 private:
  struct Kept {
    service::CheckStatus status = service::CheckStatus::kOk;
    std::int64_t since_ms = 0;
    std::optional<Failure> last{};
  };

  const Clock& clock_;
  Mutex mutex_;
  std::map<std::string, Kept> kept_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::server
