// Where settings are written: YAML files, an `.env` file, environment variables. Each becomes a list of assignments.
//
// Pure functions of the bytes. Bounded against hostile files: 256 KiB, 4,000 values (after aliases), 16 levels.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/environment.h"

namespace docmind::config {

constexpr std::uint64_t kMaxFileBytes = 256 * 1024;
constexpr std::string_view kServiceFile = "vllm_service.yaml";

struct Assignment {
  std::string key;               // "search.k", or a specification's name in lower case.
  std::string value;             //
  std::string origin;            // "/etc/docmind.yaml:12", "variable DOCMIND_SEARCH__K", "flag --set"
  std::string spelt;             // The name as it stands there, for messages.
  std::filesystem::path base{};  // What a relative path is taken from; empty: the current folder.
  bool may_be_foreign = false;   // An unprefixed name of an .env: not ours to call wrong.
};

// Nested maps become dotted keys. A file named kServiceFile holds no settings of ours: it becomes the setting
// vllm.service, which names it.
Result<std::vector<Assignment>> read_yaml(std::string_view text, const std::filesystem::path& file);

// The file of vllm.service in the same form ("engine.max_model_len"), whatever its names are. A value that is null is
// left out: as if the line were not there.
Result<std::vector<Assignment>> read_service_yaml(std::string_view text, const std::filesystem::path& file);

// NAME=value lines; `export`, comments and quotes as in a shell, nothing expanded.
Result<std::vector<Assignment>> read_dot_env(std::string_view text, const std::filesystem::path& file);

// Those that begin with DOCMIND_, but for the ones of the build (DOCMIND_DEPS_DIR, DOCMIND_LLAMA_DIR).
std::vector<Assignment> read_variables(const sys::Environment& environment);

}  // namespace docmind::config
