// The commands that ask the product for something: each sends one request and prints what came back.
//
// With --json the response's body goes to standard output as it is, in one line; else a rendering for people.
// Paths are made absolute here, against `folder`, because the server may run in another one.
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>

#include "base/result.h"
#include "cli/api.h"
#include "cli/command_line.h"
#include "cli/terminal.h"

namespace docmind::cli {

struct Surroundings {
  Terminal& terminal;
  std::filesystem::path folder;  // The person's working folder.
  bool json = false;
  // Reads a file ("-": standard input) for verify.
  std::function<Result<std::string>(const std::string& name)> read_file;
};

// Each returns the exit code.
int ingest(Api& api, const IngestOptions& options, const Surroundings& here);
int ask(Api& api, const AskOptions& options, const Surroundings& here);
int search(Api& api, const SearchOptions& options, const Surroundings& here);
int library(Api& api, const LibraryOptions& options, const Surroundings& here);
int remove(Api& api, const DeleteOptions& options, const Surroundings& here);
int backends(Api& api, const BackendsOptions& options, const Surroundings& here);
int performance(Api& api, const PerformanceOptions& options, const Surroundings& here);
int ollama(Api& api, const OllamaOptions& options, const Surroundings& here);
int config_set(Api& api, const ConfigSetOptions& options, const Surroundings& here);
int cache_stats(Api& api, const CacheStatsOptions& options, const Surroundings& here);
int cache_purge(Api& api, const CachePurgeOptions& options, const Surroundings& here);
int keys_add(Api& api, const KeysAddOptions& options, const Surroundings& here);
int keys_list(Api& api, const KeysListOptions& options, const Surroundings& here);
int keys_revoke(Api& api, const KeysRevokeOptions& options, const Surroundings& here);
int templates_list(Api& api, const TemplatesListOptions& options, const Surroundings& here);
int templates_add(Api& api, const TemplatesAddOptions& options, const Surroundings& here);
int templates_remove(Api& api, const TemplatesRemoveOptions& options, const Surroundings& here);
int trace(Api& api, const TraceOptions& options, const Surroundings& here);
int verify(Api& api, const VerifyOptions& options, const Surroundings& here);
// `found` is what was looked at without the product: {"checks":[...], and more that goes into the object}.
int doctor(Api& api, boost::json::object found, const Surroundings& here);

// Prints an error for a person (or, with --json, its object) and returns the exit code for it.
int report(const Error& error, const Surroundings& here);

}  // namespace docmind::cli
