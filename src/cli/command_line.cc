#include "cli/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "speed/figure.h"

namespace docmind::cli {
namespace {

struct Entry {
  std::string_view name;
  std::string_view help;
  std::string_view examples;
};

constexpr auto kCommands = std::to_array<Entry>({
    {"ingest", "Read documents into the library",
     "docmind ingest ~/Documents\n  docmind ingest report.pdf notes.md --json"},
    {"ask", "Answer a question from the documents",
     "docmind ask \"How do I unpack a source package?\"\n  docmind ask \"Who signed it?\" --document contract.pdf "
     "--json\n  docmind ask --template 'Explain a term' --with term='a conffile'"},
    {"chat", "Ask one question after the other",
     "docmind chat\n  docmind chat --session ferries\n  docmind chat --session ferries --json < questions.txt"},
    {"sessions", "List, show, resume, fork, export and delete chats",
     "docmind sessions list\n  docmind sessions show ferries\n  docmind sessions resume ferries\n  docmind sessions "
     "fork "
     "ferries --to barges --turns 2\n  docmind sessions export ferries > ferries.md\n  docmind sessions export ferries "
     "--format pdf > ferries.pdf\n  docmind sessions delete ferries"},
    {"templates", "List, add and remove forms of questions with blanks",
     "docmind templates list\n  docmind templates add built \"When was {ship} built?\"\n  docmind ask --template built "
     "--with ship=Aurora\n  docmind templates remove built"},
    {"search", "Find passages",
     "docmind search runlevel -k 5\n  docmind search \"dpkg-source -x\" --type pdf --from 2024-01-01"},
    {"library", "List the documents that were read", "docmind library\n  docmind library --json"},
    {"delete", "Take documents out of the library", "docmind delete ~/Documents/old.pdf"},
    {"cache", "Show what is kept of answers, and take it away",
     "docmind cache stats\n  docmind cache purge --document ~/Documents/old.pdf\n  docmind cache purge --all"},
    {"trace", "Show how an answer came to be", "docmind trace 01JDM3T0ZV8W8G4X6R0Q2N5K7E"},
    {"verify", "Compare an answer's citations with the stored bytes",
     "docmind ask \"...\" --json > answer.json\n  docmind verify answer.json"},
    {"config", "Show or change the settings, and bring an older file up to date",
     "docmind config show --origin\n  docmind config get search.k\n  docmind config set search.k 20\n  docmind config "
     "drift\n  docmind config migrate .env --check"},
    {"import", "Take over documents and chats of another program",
     "docmind import --from open-webui ~/open-webui/data --dry-run\n  docmind import --from anything-llm "
     "~/anythingllm/storage"},
    {"backup", "Copy the library, chats, keys and settings into a folder, also while docmind serves",
     "docmind backup\n  docmind backup /mnt/disk/docmind-monday\n  docmind backup --models --json"},
    {"restore", "Put a backup in place; what was there is kept beside it", "docmind restore /mnt/disk/docmind-monday"},
    {"rollback", "Go back to an earlier state of the data, the settings or the program",
     "docmind rollback --list\n  docmind rollback data\n  docmind rollback settings\n  docmind rollback data --to "
     "2026-11-22T17-05-09.123Z\n  sudo docmind rollback program --package ./docmind_0.1.0-1_amd64.deb"},
    {"serve", "Serve the API on this machine", "docmind serve\n  docmind serve --port 9000"},
    {"service", "Run docmind serve as a service of systemd, your own or the machine's",
     "docmind service install\n  docmind --data ~/docs service install\n  docmind service status\n  docmind service "
     "logs "
     "--follow\n  docmind service uninstall\n  sudo docmind service start --system"},
    {"keys", "Make, list and revoke the keys that other machines need",
     "docmind keys add --scope ask --name phone\n  docmind keys add --scope ask,ingest --expires 2027-01-01\n  docmind "
     "keys list\n  docmind keys revoke 0a1b2c3d"},
    {"cache-server", "Serve a cache for several DocMinds on this machine",
     "docmind cache-server\n  docmind cache-server --port 9899"},
    {"mcp", "Let another program's model use the library, by the Model Context Protocol on standard input and output",
     "docmind mcp\n  claude mcp add docmind -- docmind mcp"},
    {"doctor", "Check what works on this machine", "docmind doctor"},
    {"performance", "Show what the last hundred answers took", "docmind performance\n  docmind performance --json"},
    {"validate", "Measure every production requirement on this machine", "docmind validate\n  docmind validate --json"},
    {"bench", "Measure how fast each part is on this machine, beside earlier runs",
     "docmind bench\n  docmind bench search embed --rounds 9\n  docmind bench --tolerance 10 --json"},
    {"backends", "Show what can write answers, and switch",
     "docmind backends\n  docmind backends use ollama\n  docmind backends ollama ps\n  docmind backends ollama create "
     "qwen3-4b\n  docmind backends command vllm\n  docmind backends --json"},
    {"kv", "Compute how much memory a chat model's keys and values take",
     "docmind kv --model qwen3-4b --context 131072\n  docmind kv --model ./Qwen3-4B.gguf --json"},
    {"completion", "Print a completion script for a shell",
     "docmind completion bash > ~/.local/share/bash-completion/completions/docmind"},
    {"models", "Import, pull, quantize, check and remove models",
     "docmind models list\n  docmind models import ./Qwen3-4B --name qwen3-4b --type q4_k_m\n  docmind models pull "
     "Qwen/Qwen3-4B --from https://HUB --type q4_k_m\n  docmind models quantize "
     "qwen3-4b-f16 --type q8_0\n  docmind models verify qwen3-4b\n  docmind models rm qwen3-4b"},
});

std::size_t edits(std::string_view a, std::string_view b) {  // Levenshtein distance
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      corner = above;
    }
  }
  return row[b.size()];
}

std::string unknown_command(const std::string& word) {
  if (word.find(' ') != std::string::npos) {
    return fmt::format("docmind: that looks like a question; try: docmind ask \"{}\"\n", word);
  }
  const auto nearest = std::min_element(kCommands.begin(), kCommands.end(), [&](const Entry& a, const Entry& b) {
    return edits(a.name, word) < edits(b.name, word);
  });
  const std::string meant =
      edits(nearest->name, word) <= 2 ? fmt::format("; did you mean: docmind {}?", nearest->name) : std::string();
  return fmt::format("docmind: there is no command \"{}\"{}\nSee docmind --help.\n", word, meant);
}

std::string date(const std::string& text) {
  const bool fits = text.size() == 10 && text[4] == '-' && text[7] == '-' &&
                    text.find_first_not_of("0123456789-") == std::string::npos;
  return fits ? std::string() : "a date is written YYYY-MM-DD";
}

// CLI11's own words for these are a programmer's.
CLI::Validator one_of(std::vector<std::string> words) {
  std::string shown = fmt::format("{{{}}}", fmt::join(words, ","));
  return {[words = std::move(words)](const std::string& given) {
            const bool known = std::ranges::find(words, given) != words.end();
            return known ? std::string() : fmt::format("\"{}\" is none of {}", given, fmt::join(words, ", "));
          },
          std::move(shown)};
}

// "$NAME" in a script whose NAME is not set must not mean "whatever is the default".
const CLI::Validator& filled() {
  static const CLI::Validator kFilled(
      [](const std::string& given) { return given.empty() ? std::string("it is empty") : std::string(); }, "");
  return kFilled;
}

template <typename Number>
CLI::Validator between(Number least, Number most) {
  return {[least, most](const std::string& given) {
            Number number{};
            const bool fits = CLI::detail::lexical_cast(given, number) && number >= least && number <= most;
            return fits ? std::string() : fmt::format("\"{}\" is no number from {} to {}", given, least, most);
          },
          fmt::format("{} to {}", least, most)};
}

constexpr const char* kSeparate = "One answer a document, for the ten with the nearest passages";

void add_filter(CLI::App& command, FilterOptions& filter) {
  command.add_option("--document", filter.documents, "Only this document or folder; may be repeated")
      ->type_name("ID|PATH");
  command.add_option("--type", filter.types, "Only this type (pdf, docx, html, markdown, text, epub); may be repeated");
  command.add_option("--from", filter.from, "Only files changed on or after this day")->type_name("DATE")->check(date);
  command.add_option("--to", filter.to, "Only files changed before this day")->type_name("DATE")->check(date);
}

// CLI11's tree of commands with the options it fills.
struct Parser {
  CLI::App app{"DocMind answers from your documents, on your machine, with citations you can check.", "docmind"};
  Invocation common;
  std::vector<std::string> set;
  IngestOptions ingest;
  AskOptions ask;
  SearchOptions search;
  LibraryOptions library;
  DeleteOptions remove;
  CachePurgeOptions purge;
  KeysAddOptions add_key;
  KeysRevokeOptions revoke_key;
  TemplatesAddOptions add_template;
  TemplatesRemoveOptions remove_template;
  TraceOptions trace;
  VerifyOptions verify;
  ConfigOptions config;
  ConfigSetOptions set_config;
  ConfigMigrateOptions migrate_config;
  BenchOptions bench;
  int patience_of_bench = 60;
  bool forget_bench = false;
  ImportOptions import_from;
  BackupOptions backup;
  RestoreOptions restore;
  RollbackOptions rollback;
  ServeOptions serve;
  CacheServerCommandOptions cache_server;
  KvOptions kv;
  BackendsOptions backends;
  OllamaOptions ollama;
  std::string command_of;
  CompletionOptions completion;
  ModelsImportOptions import;
  ModelsPullOptions pull;
  ModelsQuantizeOptions quantize;
  ModelsVerifyOptions verify_models;
  ModelsRemoveOptions remove_models;
  ChatOptions chat;
  SessionsListOptions list_sessions;
  SessionsForkOptions fork_session;
  SessionsDeleteOptions delete_sessions;
  std::string session;  // Of show and resume.
  SessionsExportOptions export_session;
  ServiceOptions service;

  Parser() {
    app.require_subcommand(1);
    app.set_help_flag("-h,--help", "Print this and exit");
    app.set_version_flag("--version", "docmind " DOCMIND_VERSION);
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    add_common(app);
    app.footer("Settings: docmind config show; docs/settings.md. Every command has --help with examples.");
    for (const Entry& entry : kCommands) {
      CLI::App* command = app.add_subcommand(std::string(entry.name), std::string(entry.help));
      command->set_help_flag("-h,--help", "Print this and exit");
      command->footer(fmt::format("Examples of docmind {}:\n  {}", entry.name, entry.examples));
      add_common(*command);
    }
    add_options();
  }

  CLI::App& at(const char* name) { return *app.get_subcommand(name); }

  void add_common(CLI::App& to) {
    to.add_option("--data", common.data, "Data directory")->type_name("DIR");
    to.add_option("--config", common.config, "Settings file (YAML)")->type_name("FILE");
    to.add_option("--set", set, "Set one setting; may be repeated")
        ->type_name("KEY=VALUE")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    to.add_flag("--json", common.json, "Print one JSON object on standard output");
  }

  void add_options() {
    const auto all = CLI::MultiOptionPolicy::TakeAll;
    at("ingest").add_option("paths", ingest.paths, "Files and folders")->required()->multi_option_policy(all);
    CLI::Option_group& what = *at("ask").add_option_group("what");
    what.require_option(1);
    what.add_option("question", ask.question, "The question");
    CLI::Option* from = what.add_option("--template", ask.template_name, "A template instead")->type_name("NAME");
    at("ask")
        .add_option("--with", ask.with, "Words for one of its blanks; may be repeated")
        ->type_name("BLANK=WORDS")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false)
        ->needs(from);
    at("ask").add_flag("--no-cache", ask.no_cache, "Answer anew, and keep nothing of it");
    at("ask").add_flag("--separate", ask.separate, kSeparate);
    add_filter(at("ask"), ask.filter);
    at("search").add_option("query", search.query, "What to look for")->required();
    at("search").add_option("-k", search.k, "How many passages")->check(between(1, 1000));
    add_filter(at("search"), search.filter);
    at("chat")
        .add_option("--session", chat.session, "Go on with this chat, or begin it under this name")
        ->type_name("NAME");
    at("chat").add_flag("--as-typed", chat.as_typed, "Search questions as they are typed, never rewritten");
    at("chat").add_flag("--separate", chat.separate, kSeparate);
    add_filter(at("chat"), chat.filter);
    for (const char* name : {"ask", "search", "chat"}) {
      for (const char* option : {"--document", "--type"}) at(name).get_option(option)->multi_option_policy(all);
    }
    at("library").add_flag("--hash", library.hash, "Also one hash over the content of all documents");
    at("delete").add_option("documents", remove.documents, "Paths or ids")->required()->multi_option_policy(all);
    at("trace").add_option("id", trace.id, "The trace_id of an answer")->required();
    at("trace").add_flag("--replay", trace.replay, "Answer again from what was recorded and compare, byte for byte");
    at("verify").add_option("file", verify.file, "An answer as --json printed it; - reads standard input")->required();
    add_config(at("config"));
    add_backups();
    at("serve").add_option("--port", serve.port, "This port and no other; 0: any free one")->check(between(0, 65535));
    at("serve").add_option("--host", serve.host, "Address to listen on");
    at("serve").add_option("--model", serve.model, "Chat model to serve at /v1: a GGUF file, or the name of one");
    at("cache-server")
        .add_option("--port", cache_server.port, "Port; default: cache_server.port; 0: any free one")
        ->check(between(0, 65535));
    at("cache-server").add_option("--host", cache_server.host, "Address to listen on");
    at("kv").add_option("--model", kv.model, "Chat model: a GGUF file, or the name of one")->type_name("NAME|FILE");
    at("kv")
        .add_option("--context", kv.context, "Tokens; default: engine.context, else the model's own, up to 131072")
        ->check(between(1, 1 << 26));
    at("completion").add_option("shell", completion.shell)->required()->check(one_of({"bash", "zsh", "fish"}));
    at("backends")
        .add_subcommand("use", "Have another one write the answers")
        ->add_option("name", backends.use, "Its name: vllm, llamacpp or ollama")
        ->required();
    add_ollama(*at("backends").add_subcommand("ollama", "The models of the Ollama that is set up"));
    CLI::App* command =
        at("backends").add_subcommand("command", "Print how DocMind would start one, as a shell script");
    add_common(*command);
    command->add_option("name", command_of, "Its name: vllm")->required()->check(one_of({"vllm"}));
    add_cache(at("cache"));
    add_bench(at("bench"));
    add_keys(at("keys"));
    add_templates(at("templates"));
    add_service(at("service"));
    add_models(at("models"));
    add_sessions(at("sessions"));
  }

  CLI::App* add_to(CLI::App& group, const char* name, const char* help) {
    CLI::App* command = group.add_subcommand(name, help);
    command->set_help_flag("-h,--help", "Print this and exit");
    add_common(*command);
    return command;
  }

  void add_config(CLI::App& group) {
    group.require_subcommand(1);
    add_to(group, "show", "Print every setting")
        ->add_flag("--origin", config.origin, "Also where each value comes from");
    add_to(group, "drift", "Compare what is in force in the docmind that serves with what a start would read now");
    add_to(group, "get", "Print one setting")->add_option("key", config.key, "search.k")->required()->check(filled());
    CLI::App* change = add_to(group, "set", "Change one setting in the settings file, and where docmind serves");
    change->add_option("key", set_config.key, "search.k")->required();
    change->add_option("value", set_config.value, "As it would be written in the file")->required();
    change->add_flag("--check", set_config.check, "Only say whether the value is good");
    CLI::App* migrate =
        add_to(group, "migrate", "Say which names in a settings file are old or unknown, and write it anew beside it");
    migrate->add_option("file", migrate_config.file, "A YAML file or an .env file")->required();
    migrate->add_flag("--check", migrate_config.check, "Write nothing");
  }

  static std::vector<std::string> parts_of_bench() { return {speed::parts().begin(), speed::parts().end()}; }

  void add_bench(CLI::App& command) {
    command.add_option("parts", bench.parts, fmt::format("{}; default: all", fmt::join(speed::parts(), ", ")))
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->check(one_of(parts_of_bench()));
    command.add_option("--rounds", bench.rounds, "How often each is measured; the median counts")
        ->check(between(1, 100));
    command.add_option("--tolerance", bench.tolerance, "Percent that a figure may be worse than before")
        ->check(between(1.0, 1000.0));
    command.add_option("--patience", patience_of_bench, "Seconds to read one long text in, at most")
        ->check(between(1, 86'400));
    command.add_option("--history", bench.history, "Another file of earlier runs")->type_name("FILE");
    command.add_flag("--no-keep", forget_bench, "Keep nothing of this run");
  }

  BenchOptions chosen_bench() {
    if (bench.parts.empty()) bench.parts = parts_of_bench();
    bench.patience = std::chrono::seconds(patience_of_bench);
    bench.keep = !forget_bench;
    return bench;
  }

  void add_backups() {
    at("backup")
        .add_option("path", backup.path, "The folder to make; default: one beside the data directory")
        ->check(filled());
    at("backup").add_flag("--models", backup.models, "Your own models, too");
    at("import")
        .add_option("--from", import_from.from, "open-webui, anything-llm, private-gpt, or docmind (upstream's)")
        ->required()
        ->check(one_of({"open-webui", "anything-llm", "private-gpt", "docmind"}));
    at("import").add_option("path", import_from.path, "The folder with its data")->required()->check(filled());
    at("import").add_flag("--dry-run", import_from.dry_run, "Only show what would come");
    at("restore").add_option("path", restore.path, "The backup's folder")->required()->check(filled());
    at("restore").add_flag("--settings", restore.settings, "The settings files, too");
    at("rollback").add_flag("--list", rollback.list, "Show what one can go back to");
    at("rollback")
        .add_option("what", rollback.what,
                    "data: to the newest backup beside the data directory; settings: to the settings file as it was "
                    "before the last change; program: to the package of an older docmind; several, or all")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    at("rollback")
        .add_option("--to", rollback.to, "A name that --list shows, or a backup's folder")
        ->type_name("NAME")
        ->check(filled());
    at("rollback")
        .add_option("--package", rollback.package,
                    "The older program's package, or a folder of such; default: where apt keeps them")
        ->type_name("FILE")
        ->check(filled());
  }

  // What was asked for and cannot be, where CLI11 has no words for it; empty: nothing.
  std::string mistake() {
    if (!at("rollback").parsed()) return "";
    constexpr auto kParts = std::to_array<std::string_view>({"data", "settings", "program", "all"});
    const bool known = std::ranges::all_of(
        rollback.what, [&](const std::string& part) { return std::ranges::find(kParts, part) != kParts.end(); });
    const bool one = rollback.list != !rollback.what.empty();
    const bool package = rollback.package.empty() || rollback.goes_back("program");
    const bool to = rollback.to.empty() || rollback.goes_back("data") || rollback.goes_back("settings");
    if (!known || !one)
      return "docmind: rollback takes data, settings, program or all, or --list alone\nSee docmind rollback --help.\n";
    if (!package) return "docmind: --package belongs to rollback program\nSee docmind rollback --help.\n";
    if (!to) return "docmind: --to belongs to rollback data or settings\nSee docmind rollback --help.\n";
    if (!rollback.to.empty() && rollback.goes_back("data") && rollback.goes_back("settings"))
      return "docmind: --to names one thing, data or settings: go back one after the other\n";
    return "";
  }

  void add_ollama(CLI::App& group) {
    group.require_subcommand(1);
    group.set_help_flag("-h,--help", "Print this and exit");
    const auto sub = [&](const char* name, const char* help, OllamaAction action) {
      CLI::App* command = add_to(group, name, help);
      command->callback([this, action] { ollama.action = action; });
      return command;
    };
    constexpr const char* kName = "The model, as Ollama names it";
    sub("list", "List its models", OllamaAction::kList);
    sub("ps", "Show which are loaded, until when, and how much of each lies on a card", OllamaAction::kLoaded);
    CLI::App* create = sub("create", "Make a model there from a GGUF file", OllamaAction::kCreate);
    create->add_option("file", ollama.file, "A GGUF file, or the name of one; default: engine.model")
        ->type_name("NAME|FILE");
    create->add_option("--name", ollama.name, "The model's name there; default: docmind-qwen3");
    sub("pull", "Have Ollama fetch a model from its registry, another machine", OllamaAction::kPull)
        ->add_option("name", ollama.name, kName)
        ->required();
    sub("unload", "Have it leave memory now", OllamaAction::kUnload)
        ->add_option("name", ollama.name, kName)
        ->required();
    sub("rm", "Remove a model", OllamaAction::kRemove)->add_option("name", ollama.name, kName)->required();
  }

  void add_sessions(CLI::App& sessions) {
    sessions.require_subcommand(1);
    const auto sub = [&](const char* name, const char* help) { return add_to(sessions, name, help); };
    sub("list", "List the chats, the newest first")
        ->add_option("--limit", list_sessions.limit, "How many at most")
        ->check(between(1, 1000));
    constexpr const char* kName = "The chat's name";
    sub("show", "Show a chat with its answers")->add_option("session", session, kName)->required();
    sub("resume", "Go on with a chat; an interrupted question is answered first")
        ->add_option("session", session, kName)
        ->required();
    CLI::App* fork = sub("fork", "Copy a chat under a new name, whole or its first turns");
    fork->add_option("session", fork_session.session, kName)->required();
    fork->add_option("--to", fork_session.to, "The copy's name")->type_name("NAME");
    fork->add_option("--turns", fork_session.turns, "How many turns to keep")->check(between(1, 1000));
    CLI::App* exporting = sub("export", "Write a chat to standard output, as Markdown, JSON or PDF");
    exporting->add_option("session", export_session.session, kName)->required();
    exporting->add_option("--format", export_session.format, "markdown (else), json or pdf")
        ->check(one_of({"markdown", "json", "pdf"}));
    sub("delete", "Delete chats")
        ->add_option("sessions", delete_sessions.sessions, "Their names")
        ->required()
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  Command chosen_sessions() {
    const std::string name = at("sessions").get_subcommands().front()->get_name();
    if (name == "show") return SessionsShowOptions{session};
    if (name == "resume") return SessionsResumeOptions{session};
    if (name == "fork") return fork_session;
    if (name == "export") return export_session;
    if (name == "delete") return delete_sessions;
    return list_sessions;
  }

  void add_models(CLI::App& models) {
    models.require_subcommand(1);
    const auto sub = [&](const char* name, const char* help) { return add_to(models, name, help); };
    constexpr const char* kTypes = "Type of the weights: f32, f16, bf16, q8_0, q6_k, q5_k_m, q4_k_m, q4_0 and others";
    sub("list", "List the models in the data directory");
    CLI::App* importer = sub("import", "Make a GGUF file from a checkpoint folder");
    importer->add_option("source", import.source, "The checkpoint's folder")->required();
    importer->add_option("--name", import.name, "The model's name")->required();
    importer->add_option("--out", import.out, "Folder to write it to, without a card");
    importer->add_option("--type", import.type, kTypes);
    importer->add_flag("!--no-loss", import.loss, "Do not measure what quantising cost");
    CLI::App* puller = sub("pull", "Fetch a model from a hub: a GGUF file, or a checkpoint that is imported");
    puller->add_option("repository", pull.repository, "OWNER/NAME")->required();
    puller->add_option("file", pull.file, "A .gguf file in it; none: its safetensors files");
    puller->add_option("--from", pull.from, "Address of the hub; default: the setting models.endpoint")
        ->type_name("URL");
    puller->add_option("--revision", pull.revision, "Branch, tag or commit");
    puller->add_option("--name", pull.name, "The model's name");
    puller->add_option("--type", pull.type, kTypes);
    puller->add_flag("!--no-loss", pull.loss, "Do not measure what quantising cost");
    CLI::App* quantizer = sub("quantize", "Make a smaller model from one that is f32, f16, bf16 or q8_0");
    quantizer->add_option("source", quantize.source, "A model's name, or a .gguf file")->required();
    quantizer->add_option("--type", quantize.type, kTypes)->required();
    quantizer->add_option("--name", quantize.name, "The new model's name");
    quantizer->add_flag("!--no-loss", quantize.loss, "Do not measure what quantising cost");
    const auto all = CLI::MultiOptionPolicy::TakeAll;
    sub("verify", "Compare models with the hashes they were imported with")
        ->add_option("names", verify_models.names, "Models; none: all")
        ->multi_option_policy(all);
    sub("rm", "Remove models")
        ->add_option("names", remove_models.names, "Models")
        ->required()
        ->multi_option_policy(all);
  }

  Command chosen_models() {
    const std::string name = at("models").get_subcommands().front()->get_name();
    if (name == "import") return import;
    if (name == "pull") return pull;
    if (name == "quantize") return quantize;
    if (name == "verify") return verify_models;
    if (name == "rm") return remove_models;
    return ModelsListOptions{};
  }

  void add_cache(CLI::App& cache) {
    cache.require_subcommand(1);
    add_common(*cache.add_subcommand("stats", "Count kept answers, hits and misses"));
    CLI::App& purge_it = *cache.add_subcommand("purge", "Take kept answers away, for good");
    add_common(purge_it);
    CLI::Option_group& which = *purge_it.add_option_group("which");
    which.require_option(1);
    which.add_option("--user", purge.user, "Those given to this user")->type_name("NAME");
    which.add_option("--session", purge.session, "Those given in this chat")->type_name("NAME");
    which.add_option("--document", purge.document, "Those that rest on this document")->type_name("PATH|ID");
    which.add_flag("--all", purge.all, "All of them");
  }

  void add_keys(CLI::App& keys) {
    keys.require_subcommand(1);
    const auto sub = [&](const char* name, const char* help) { return add_to(keys, name, help); };
    CLI::App* add = sub("add", "Make a key, and show it this once");
    add->add_option("--scope", add_key.scopes, "What it may do: ask, ingest, admin; several with commas")
        ->required()
        ->delimiter(',')
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->check(one_of({"ask", "ingest", "admin"}));
    add->add_option("--name", add_key.name, "Whose it is, or what for");
    add->add_option("--expires", add_key.expires, "The first day it is no longer valid")
        ->type_name("DATE")
        ->check(date);
    sub("list", "List the keys; none can be shown again");
    sub("revoke", "Take a key back, at once")->add_option("id", revoke_key.id, "Its id, as list shows it")->required();
  }

  void add_service(CLI::App& group) {
    group.require_subcommand(1);
    const auto sub = [&](const char* name, const char* help, ServiceAction action) {
      CLI::App* command = add_to(group, name, help);
      command->callback([this, action] { service.action = action; });
      command->add_flag("--system", service.system, "The machine's, which the Debian package brings; else your own");
      return command;
    };
    sub("install", "Start it now and from now on", ServiceAction::kInstall);
    sub("start", "Start it", ServiceAction::kStart);
    sub("stop", "Stop it", ServiceAction::kStop);
    sub("status", "Show how it is", ServiceAction::kStatus);
    CLI::App* logs = sub("logs", "Show its log", ServiceAction::kLogs);
    logs->add_flag("--follow", service.follow, "Go on as lines come");
    logs->add_option("--lines", service.lines, "How many at most")->check(between(1, 100'000));
    sub("uninstall", "Stop it, for good; the data stays", ServiceAction::kUninstall);
  }

  void add_templates(CLI::App& templates) {
    templates.require_subcommand(1);
    const auto sub = [&](const char* name, const char* help) { return add_to(templates, name, help); };
    sub("list", "List those that come with DocMind, and your own");
    CLI::App* add = sub("add", "Keep a template, or give it another text");
    add->add_option("name", add_template.name, "What it is called")->required();
    add->add_option("text", add_template.text, "The question, with blanks: When was {ship} built?")->required();
    sub("remove", "Take a template away")->add_option("name", remove_template.name, "What it is called")->required();
  }

  Command chosen_templates() {
    const std::string name = at("templates").get_subcommands().front()->get_name();
    if (name == "add") return add_template;
    if (name == "remove") return remove_template;
    return TemplatesListOptions{};
  }

  Command chosen_keys() {
    const std::string name = at("keys").get_subcommands().front()->get_name();
    if (name == "add") return add_key;
    if (name == "revoke") return revoke_key;
    return KeysListOptions{};
  }

  Command chosen_cache() {
    if (at("cache").get_subcommands().front()->get_name() == "stats") return CacheStatsOptions{};
    return purge;
  }

  Command chosen_config() {
    const std::string name = at("config").get_subcommands().front()->get_name();
    if (name == "set") return set_config;
    if (name == "migrate") return migrate_config;
    if (name == "drift") return ConfigDriftOptions{};
    return config;
  }

  Command chosen_backends() {
    const auto asked = at("backends").get_subcommands();
    if (!asked.empty() && asked.front()->get_name() == "ollama") return ollama;
    if (!command_of.empty()) return BackendsCommandOptions{};
    return backends;
  }

  Command chosen() {
    const std::string name = app.get_subcommands().front()->get_name();
    if (name == "ingest") return ingest;
    if (name == "ask") return ask;
    if (name == "search") return search;
    if (name == "library") return library;
    if (name == "delete") return remove;
    if (name == "cache") return chosen_cache();
    if (name == "trace") return trace;
    if (name == "verify") return verify;
    if (name == "config") return chosen_config();
    if (name == "import") return import_from;
    if (name == "backup") return backup;
    if (name == "restore") return restore;
    if (name == "rollback") return rollback;
    if (name == "serve") return serve;
    if (name == "cache-server") return cache_server;
    if (name == "mcp") return McpOptions{};
    if (name == "keys") return chosen_keys();
    if (name == "templates") return chosen_templates();
    if (name == "service") return service;
    if (name == "kv") return kv;
    if (name == "completion") return completion;
    if (name == "models") return chosen_models();
    if (name == "backends") return chosen_backends();
    if (name == "chat") return chat;
    if (name == "sessions") return chosen_sessions();
    if (name == "validate") return ValidateOptions{};
    if (name == "performance") return PerformanceOptions{};
    if (name == "bench") return chosen_bench();
    return DoctorOptions{};
  }
};

// What one command takes instead of what was given.
std::string needs_command(const CLI::App& at, const std::string& asked) {
  const std::vector<std::string> unknown = at.remaining();
  if (!unknown.empty() && unknown.front().starts_with("-")) return "there is no option " + unknown.front();
  if (at.get_parent() == nullptr) return "a command is missing";
  std::vector<std::string> names;
  for (const CLI::App* one : at.get_subcommands([](const CLI::App* app) { return !app->get_name().empty(); })) {
    names.push_back(one->get_name());
  }
  const std::string takes = fmt::format("{} takes one of {}", asked, fmt::join(names, ", "));
  return unknown.empty() ? takes : fmt::format("there is no \"{} {}\"; {}", asked, unknown.front(), takes);
}

// One sentence that says what to do, where CLI11's own does not.
std::string in_plain_words(const CLI::App& app, const CLI::ParseError& error) {
  std::string asked;
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    asked += (asked.empty() ? "" : " ") + at->get_name();
  }
  std::string said = error.what();
  constexpr std::string_view kOneOf = "Exactly 1 option from [";
  if (said.starts_with(kOneOf)) {
    const std::string options = said.substr(kOneOf.size(), said.find(']') - kOneOf.size());
    said = fmt::format("{} takes exactly one of {}", asked, fmt::join(CLI::detail::split(options, ','), ", "));
  } else if (said == CLI::RequiredError::Subcommand(1).what()) {
    said = needs_command(*at, asked);
  } else if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && said.ends_with(" missing")) {
    said = said.substr(0, said.find(':')) + " needs a value";
  } else if (constexpr std::string_view kConvert = "Could not convert: "; said.starts_with(kConvert)) {
    said = said.substr(kConvert.size());
    if (const std::size_t equals = said.find(" = "); equals != std::string::npos)
      said.replace(equals, 3, " cannot be ");
  }
  return fmt::format("docmind: {}\nSee docmind {}{}--help.\n", said, asked, asked.empty() ? "" : " ");
}

}  // namespace

std::variant<Invocation, Reply> parse_command_line(const std::vector<std::string>& arguments) {
  Parser parser;
  try {
    parser.app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them backwards
  } catch (const CLI::CallForVersion& call) {
    return Reply{0, std::string(call.what()) + "\n", ""};
  } catch (const CLI::Success&) {
    const CLI::App* asked = &parser.app;
    while (!asked->get_subcommands().empty()) asked = asked->get_subcommands().front();
    return Reply{0, asked->help(asked == &parser.app ? "" : "docmind"), ""};
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> unknown = parser.app.remaining();
    const auto word = std::find_if(unknown.begin(), unknown.end(), [](const auto& a) { return !a.starts_with("-"); });
    if (parser.app.get_subcommands().empty() && word != unknown.end()) return Reply{2, "", unknown_command(*word)};
    if (arguments.empty()) return Reply{2, "", parser.app.help()};
    return Reply{2, "", in_plain_words(parser.app, error)};
  }
  if (std::string mistake = parser.mistake(); !mistake.empty()) return Reply{2, "", std::move(mistake)};
  Invocation invocation = parser.common;
  for (const std::string& pair : parser.set) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos) return Reply{2, "", fmt::format("docmind: --set takes KEY=VALUE, not {}\n", pair)};
    invocation.set.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  invocation.command = parser.chosen();
  return invocation;
}

std::string completion_script(const std::string& shell) {
  std::string names;
  for (const Entry& entry : kCommands) names += fmt::format("{}{}", names.empty() ? "" : " ", entry.name);
  if (shell == "fish") {
    std::string script = "complete -c docmind -n '__fish_use_subcommand' -f\n";
    for (const Entry& entry : kCommands) {
      script += fmt::format("complete -c docmind -n '__fish_use_subcommand' -a {} -d '{}'\n", entry.name, entry.help);
    }
    return script + "complete -c docmind -l data -r\ncomplete -c docmind -l config -r\ncomplete -c docmind -l json\n";
  }
  const std::string body = fmt::format(
      "_docmind() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}}\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W '{} --help --version' -- \"$word\"))\n"
      "  elif [[ $word == -* ]]; then COMPREPLY=($(compgen -W '--data --config --set --json --help' -- \"$word\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
      "}}\n"
      "complete -o filenames -F _docmind docmind\n",
      names);
  return shell == "zsh" ? "#compdef docmind\nautoload -U +X bashcompinit && bashcompinit\n" + body : body;
}

}  // namespace docmind::cli
