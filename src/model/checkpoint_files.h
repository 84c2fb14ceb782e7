// Which files of a repository an import needs.
//
// Pure function.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace docmind::model {

// Of the paths that a repository has: the settings and the tokenizer first, then the weights (one model.safetensors,
// else the index with all shards that are named as it is custom). kInvalidArgument when there are none, with the GGUF
// files that there are instead.
Result<std::vector<std::string>> checkpoint_files(const std::vector<std::string>& listed);

// Whether a file holds weights, and not settings: those must have a checksum.
bool holds_weights(const std::string& path);

}  // namespace docmind::model
