// Sessions that are kept in memory, for tests.
#pragma once
#include <memory>

#include "graph/memory_saver.h"
#include "session/sessions.h"

namespace docmind::session::testing {

inline std::unique_ptr<Sessions> sessions_in_memory(const Clock& clock, Rng& rng) {
  return *Sessions::create({clock, rng, []() -> Result<std::unique_ptr<graph::Saver>> {
                              return std::unique_ptr<graph::Saver>(std::make_unique<graph::MemorySaver>());
                            }});
}

}  // namespace docmind::session::testing
