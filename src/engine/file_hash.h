// The hash of a file too large to hold: what stored vectors and saved cells are bound to.
#pragma once
#include <filesystem>
#include <stop_token>
#include <string>

#include "base/hash.h"

namespace docmind::sys {
class Files;
}

namespace docmind::engine {

// Thread safety: pure. kCancelled, kDataLoss when the disk fails.
Result<ContentHash> hash_file(const std::string& path, const std::stop_token& stop);

// The same, taken from `memo` where that was written for this very file: some GB take some seconds. A memo that is
// absent, broken or of another file is written anew; one that cannot be written is a pity and no error.
Result<ContentHash> remembered_hash(const std::string& path, const std::filesystem::path& memo, sys::Files& files,
                                    const std::stop_token& stop);

}  // namespace docmind::engine
