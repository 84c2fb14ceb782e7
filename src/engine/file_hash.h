// The hash of a file too large to hold: what stored vectors and saved cells are bound to.
#pragma once
#include <stop_token>
#include <string>

#include "base/hash.h"

namespace docmind::engine {

// Thread safety: pure. kCancelled, kDataLoss when the disk fails.
Result<ContentHash> hash_file(const std::string& path, const std::stop_token& stop);

}  // namespace docmind::engine
