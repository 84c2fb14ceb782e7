// Every setting there is: as a struct for the program, as a table for whoever reads, checks, shows or documents them.
//
// Values. A new setting is a member with its default here and one entry in declarations(); files, variables, flags,
// `docmind config show` and docs/settings.md follow from that.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace docmind::config {

constexpr std::uint64_t kMebibyte = 1ULL << 20U;

struct Settings {
  std::string data{};  // Filled by load(): $XDG_DATA_HOME/docmind.

  struct Server {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;
    std::uint64_t max_upload_bytes = 256 * kMebibyte;
    std::string hosts{};
    bool require_key = false;
    std::uint32_t requests_per_minute = 1200;
    std::string metrics_host = "127.0.0.1";
    std::int32_t metrics_port = -1;
  } server{};

  struct CacheServer {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8899;
    std::uint32_t max_entries = 100'000;
    std::uint64_t max_bytes = 512 * kMebibyte;
    std::uint64_t hot_bytes = 64 * kMebibyte;
    std::uint64_t max_value_bytes = 16 * kMebibyte;
  } cache_server{};

  struct Log {
    std::string level = "info";
    std::string rooms{};
    std::string format = "auto";
    std::string file{};
  } log{};

  struct Tracing {
    std::string endpoint{};
    double sample = 1;
  } tracing{};

  struct Embedder {
    std::string model = "all-MiniLM-L6-v2";
    std::uint32_t threads = 0;
    std::uint32_t batch = 32;
  } embedder{};

  struct Engine {
    std::string model{};
    std::uint32_t context = 0;
    std::string kv_cache_dtype = "auto";
    std::uint32_t threads = 0;
    std::string slow_down_on = "auto";
    std::uint32_t batch = 512;
    std::int32_t gpu_layers = -1;
    std::string device_map = "auto";
    std::uint64_t gpu_memory_bytes = 0;
    std::uint64_t cpu_memory_bytes = 0;
    std::uint64_t kv_spill_bytes = 2048 * kMebibyte;
    bool prepare_documents = false;
  } engine{};

  struct Backends {
    std::string order = "vllm, llamacpp, ollama";
    std::string allow_remote{};
    Duration first_byte = std::chrono::minutes(10);
    Duration idle = std::chrono::seconds(60);
    bool release_old = false;
  } backends{};

  struct Alerts {
    std::string webhook{};
  } alerts{};

  struct Vllm {
    std::string url{};
    std::string model{};
    std::string api_key{};
    std::string program{};
    std::string service{};
    std::string model_folder{};
    std::int32_t port = -1;
  } vllm{};

  struct Ollama {
    std::string url{};
    std::string model{};
    std::uint32_t context = 0;
    std::string keep_alive = "5m";
    std::string program{};
    std::uint16_t port = 0;
    std::uint32_t parallel = 1;
  } ollama{};

  struct Reranker {
    std::string model{};
    std::uint32_t threads = 0;
  } reranker{};

  struct Models {
    std::string endpoint{};
    std::string ca_file{};
    Duration idle = std::chrono::seconds(30);
  } models{};

  struct Parse {
    Duration timeout = std::chrono::seconds(120);
    std::uint64_t memory_bytes = 2048 * kMebibyte;
    Duration cpu = std::chrono::seconds(60);
    std::uint64_t max_file_bytes = 256 * kMebibyte;
    std::uint64_t max_text_bytes = 64 * kMebibyte;
    std::uint32_t max_pages = 10'000;
  } parse{};

  struct Chunk {
    std::uint32_t tokens = 512;
    std::uint32_t overlap = 50;
  } chunk{};

  struct Ingest {
    std::uint32_t threads = 2;
    std::uint32_t batch_chunks = 8;
    bool hidden_files = false;
  } ingest{};

  struct Search {
    std::uint32_t k = 10;
    std::uint32_t rrf_k = 60;
    bool bm25 = true;
    bool dense = true;
  } search{};

  struct Ask {
    std::uint32_t max_claims = 5;
    std::uint32_t max_citations = 2;
    std::uint32_t max_characters = 900;
    double threshold = 1.62;
    bool generate = true;
    std::uint32_t max_tokens = 512;
    bool general_knowledge = false;
    std::uint32_t max_parallel_calls = 3;
    std::string planner = "rules";
    std::string validator = "rules";
    bool supervisor = false;
    std::uint32_t max_steps = 12;
    std::uint32_t supervisor_tokens = 60'000;
    std::uint32_t supervisor_seconds = 90;
    std::string without;
  } ask{};

  struct Cache {
    bool enabled = true;
    double max_distance = 0.1;
    Duration ttl = std::chrono::hours(24 * 14);
    std::uint64_t bytes = 256 * kMebibyte;
    std::uint32_t entries = 10'000;
    bool shadow = false;
    std::string shared{};
    std::string shared_prefix = "docmind";
  } cache{};

  struct Vectors {
    std::string store = "embedded";
    std::string url{};
    std::string api_key{};
    std::string prefix = "docmind";
    std::string search = "exact";
    std::uint32_t shards = 1;
    std::uint32_t replicas = 1;
  } vectors{};

  struct Test {
    std::uint32_t crash_after_commits = 0;
    std::string gpu_library{};
    std::string sensors = "/sys";
  } test{};
};

enum class Shown : std::uint8_t {
  kAlways,
  kHidden,  // For tests of the program: neither documented nor listed, unless set.
  kSecret,  // The value is never shown, in messages neither.
};

// What a value is: how a form asks for it.
enum class Kind : std::uint8_t { kBool, kInteger, kNumber, kText, kChoice, kDuration, kMebibytes };

// When a change is in force for a docmind that serves.
enum class Effect : std::uint8_t {
  kRestart,
  kAtOnce,  // With the next question, file or request; tests/e2e/test_settings.py sees it in what the product does.
};

struct Declaration {
  std::string_view key;                     // "server.port"
  std::string_view help;                    // One line.
  std::string values;                       // What it may be, for people: "whole number, 0 to 65535".
  std::vector<std::string_view> aliases{};  // The specifications' names for it, in lower case.
  Shown shown = Shown::kAlways;
  bool is_path = false;  // A relative one is taken from the folder of the file that says it.
  Kind kind = Kind::kText;
  std::vector<std::string_view> choices{};  // Of kChoice.
  std::string least{};                      // As it is written; empty: there is no range.
  std::string most{};
  Effect effect = Effect::kRestart;
  // The error is the end of a sentence that begins with the key.
  std::function<Result<>(Settings&, std::string_view text)> set{};
  std::function<std::string(const Settings&)> get{};
};

std::vector<Declaration> declarations();

// What no single value can tell: the error names the keys.
Result<> validate(const Settings& settings);

}  // namespace docmind::config
