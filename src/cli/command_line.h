// The command line as values: what was asked for, or what to print instead (help, a mistake with its nearest fix).
//
// One table drives parsing, help, examples and shell completion. Pure: reads no environment, touches no file.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace docmind::cli {

struct FilterOptions {
  std::vector<std::string> documents;  // Ids, files, or folders.
  std::vector<std::string> types;
  std::string from;  // YYYY-MM-DD, inclusive; empty: open.
  std::string to;    // YYYY-MM-DD, exclusive.
};

struct IngestOptions {
  std::vector<std::string> paths;
};
struct AskOptions {
  std::string question;
  FilterOptions filter{};
  bool no_cache = false;            // Made anew, and not kept.
  bool separate = false;            // One answer a document.
  std::string template_name{};      // The name of a template; empty: the question is asked.
  std::vector<std::string> with{};  // "blank=words"
};
struct CacheStatsOptions {};
struct CachePurgeOptions {  // One of them.
  std::string user{};
  std::string session{};
  std::string document{};
  bool all = false;
};
struct SearchOptions {
  std::string query;
  std::uint32_t k = 0;  // 0: the setting search.k.
  FilterOptions filter;
};
struct LibraryOptions {
  bool hash = false;
};
struct DeleteOptions {
  std::vector<std::string> documents;
};
struct TraceOptions {
  std::string id;
  bool replay = false;
};
struct VerifyOptions {
  std::string file;  // "-": standard input.
};
struct ConfigOptions {
  bool origin = false;
  std::string key{};  // The only one to print; empty: all.
};
struct ConfigSetOptions {
  std::string key;
  std::string value;
  bool check = false;  // Nothing is changed.
};
struct ConfigDriftOptions {};
struct ImportOptions {
  std::string from{};  // A system's word: "open-webui".
  std::string path{};  // The folder with its data.
  bool dry_run = false;
};
struct ConfigMigrateOptions {
  std::string file;
  bool check = false;  // Nothing is written.
};
struct BackupOptions {
  std::string path;     // Empty: a new one among those that are kept beside the data directory.
  bool models = false;  // The user's own models, too.
};
struct RestoreOptions {
  std::string path;
  bool settings = false;  // The settings files, too.
};
struct RollbackOptions {
  bool list = false;                // Else
  std::vector<std::string> what{};  // "data", "settings", "program", or "all" of them.
  std::string to{};                 // Empty: the newest.
  std::string package{};            // The older program's file, or a folder of such; empty: where apt keeps them.

  bool goes_back(std::string_view part) const {
    return std::ranges::any_of(what, [&](const std::string& one) { return one == part || one == "all"; });
  }
};
struct ServeOptions {
  std::optional<std::uint16_t> port;  // Given: that one or none. Absent: the setting, or the next free one.
  std::string host;                   // Empty: the setting.
  std::string model;                  // Empty: the setting.
};
struct CacheServerCommandOptions {
  std::optional<std::uint16_t> port;  // Absent: the setting.
  std::string host;                   // Empty: the setting.
};
enum class ServiceAction : std::uint8_t { kInstall, kStart, kStop, kStatus, kLogs, kUninstall };
struct ServiceOptions {
  ServiceAction action = ServiceAction::kStatus;
  bool system = false;        // The machine's, else the user's own.
  bool follow = false;        // Logs as they come.
  std::uint32_t lines = 100;  // Of the log, at most.
};
struct McpOptions {};
struct KeysAddOptions {
  std::vector<std::string> scopes;  // ask, ingest, admin
  std::string name{};
  std::string expires{};  // YYYY-MM-DD, exclusive; empty: never.
};
struct KeysListOptions {};
struct TemplatesListOptions {};
struct TemplatesAddOptions {
  std::string name{};
  std::string text{};
};
struct TemplatesRemoveOptions {
  std::string name{};
};
struct KeysRevokeOptions {
  std::string id;
};
struct DoctorOptions {};
struct ValidateOptions {};
struct PerformanceOptions {};
struct BenchOptions {
  std::vector<std::string> parts{};  // Those of speed/figure.h; none were named: all.
  std::size_t rounds = 5;
  double tolerance = 20;              // Percent that a figure may be worse than before.
  std::chrono::seconds patience{60};  // With reading one long text.
  std::string history{};              // Empty: bench.jsonl of the data directory.
  bool keep = true;
};
struct BackendsOptions {
  std::string use;  // The one to put in use; empty: they are listed.
};
enum class OllamaAction : std::uint8_t { kList, kLoaded, kCreate, kPull, kUnload, kRemove };
struct OllamaOptions {
  OllamaAction action = OllamaAction::kList;
  std::string name{};  // Of the model there; empty for list, ps, and create's default.
  std::string file{};  // For create: a GGUF file or the name of one; empty: engine.model.
};
struct BackendsCommandOptions {};  // How the vLLM would be started.
struct KvOptions {
  std::string model;          // A name or a file; empty: the setting.
  std::uint32_t context = 0;  // 0: the setting, else what the model was trained for.
};
struct ChatOptions {
  std::string session{};  // Empty: a new one.
  bool as_typed = false;  // No question is rewritten.
  FilterOptions filter{};
  bool separate = false;  // One answer a document.
};
struct SessionsListOptions {
  std::uint32_t limit = 100;
};
struct SessionsShowOptions {
  std::string session;
};
struct SessionsResumeOptions {
  std::string session;
};
struct SessionsForkOptions {
  std::string session;
  std::string to;           // Empty: a new name.
  std::uint32_t turns = 0;  // 0: all.
};
struct SessionsExportOptions {
  std::string session;
  std::string format{};  // "markdown", "json" or "pdf"; empty: the first, with --json the second.
};
struct SessionsDeleteOptions {
  std::vector<std::string> sessions;
};
struct CompletionOptions {
  std::string shell;  // bash, zsh, fish
};
struct ModelsListOptions {};
struct ModelsImportOptions {
  std::string source;
  std::string name;
  std::string out;  // Folder; empty: models/ in the data directory, with a card and a loss report.
  std::string type = "q8_0";
  bool loss = true;
};
struct ModelsPullOptions {
  std::string repository;  // OWNER/NAME
  std::string file;        // A GGUF file of it; empty: its checkpoint, which is imported.
  std::string revision = "main";
  std::string name;  // Empty: that of the file or the repository.
  std::string type = "q8_0";
  std::string from;  // The hub's address; empty: the setting models.endpoint.
  bool loss = true;
};
struct ModelsQuantizeOptions {
  std::string source;  // A model's name or a file.
  std::string name;    // Empty: the source's with the type behind it.
  std::string type;
  bool loss = true;
};
struct ModelsVerifyOptions {
  std::vector<std::string> names;  // None: all.
};
struct ModelsRemoveOptions {
  std::vector<std::string> names;
};

using Command =
    std::variant<IngestOptions, AskOptions, SearchOptions, LibraryOptions, DeleteOptions, TraceOptions, VerifyOptions,
                 ConfigOptions, ConfigSetOptions, ServeOptions, CacheServerCommandOptions, DoctorOptions,
                 PerformanceOptions, ValidateOptions, BenchOptions, BackendsOptions, OllamaOptions,
                 BackendsCommandOptions, KvOptions, CompletionOptions, ModelsListOptions, ModelsImportOptions,
                 ModelsPullOptions, ModelsQuantizeOptions, ModelsVerifyOptions, ModelsRemoveOptions, ChatOptions,
                 SessionsListOptions, SessionsShowOptions, SessionsResumeOptions, SessionsForkOptions,
                 SessionsExportOptions, SessionsDeleteOptions, CacheStatsOptions, CachePurgeOptions, McpOptions,
                 KeysAddOptions, KeysListOptions, KeysRevokeOptions, TemplatesListOptions, TemplatesAddOptions,
                 TemplatesRemoveOptions, ServiceOptions, ConfigMigrateOptions, ConfigDriftOptions, ImportOptions,
                 BackupOptions, RestoreOptions, RollbackOptions>;

struct Invocation {
  Command command;
  std::string data;                                      // --data; empty: the default.
  std::string config;                                    // --config
  std::vector<std::pair<std::string, std::string>> set;  // --set KEY=VALUE, in order.
  bool json = false;
};

// What to print and the exit code, when there is nothing to run: --help and --version (0), mistakes (2).
struct Reply {
  int code = 0;
  std::string out;
  std::string err;
};

std::variant<Invocation, Reply> parse_command_line(const std::vector<std::string>& arguments);

// The completion script for a shell: bash, zsh or fish.
std::string completion_script(const std::string& shell);

}  // namespace docmind::cli
