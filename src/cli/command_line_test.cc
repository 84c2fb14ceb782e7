#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "speed/figure.h"

namespace docmind::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Invocation parsed(const std::vector<std::string>& arguments) {
  auto result = parse_command_line(arguments);
  if (auto* reply = std::get_if<Reply>(&result)) ADD_FAILURE() << reply->err;
  return std::get<Invocation>(result);
}

Reply refused(const std::vector<std::string>& arguments) {
  auto result = parse_command_line(arguments);
  if (std::holds_alternative<Invocation>(result)) ADD_FAILURE() << "accepted";
  return std::get<Reply>(result);
}

TEST(CommandLine, ReadsWhatAnOllamaIsAskedFor) {
  const auto asked = [](const std::vector<std::string>& words) {
    std::vector<std::string> line = {"backends", "ollama"};
    line.insert(line.end(), words.begin(), words.end());
    return std::get<OllamaOptions>(parsed(line).command);
  };
  EXPECT_EQ(asked({"list"}).action, OllamaAction::kList);
  EXPECT_EQ(asked({"ps", "--json"}).action, OllamaAction::kLoaded);
  const OllamaOptions create = asked({"create", "a.gguf", "--name", "mine"});
  EXPECT_EQ(std::tie(create.action, create.file, create.name),
            std::make_tuple(OllamaAction::kCreate, "a.gguf", "mine"));
  EXPECT_EQ(asked({"create"}).file, "");
  EXPECT_EQ(asked({"pull", "qwen3:4b"}).name, "qwen3:4b");
  EXPECT_EQ(asked({"unload", "m"}).action, OllamaAction::kUnload);
  EXPECT_EQ(asked({"rm", "m"}).action, OllamaAction::kRemove);
  EXPECT_EQ(refused({"backends", "ollama"}).code, 2);
  EXPECT_EQ(refused({"backends", "ollama", "pull"}).code, 2);
  EXPECT_EQ(std::get<BackendsOptions>(parsed({"backends", "use", "vllm"}).command).use, "vllm");
  EXPECT_TRUE(std::holds_alternative<BackendsOptions>(parsed({"backends"}).command));
}

TEST(CommandLine, ReadsWhatAKeyMayDo) {
  const auto add = std::get<KeysAddOptions>(
      parsed({"keys", "add", "--scope", "ask,ingest", "--name", "phone", "--expires", "2030-01-31"}).command);
  EXPECT_THAT(add.scopes, testing::ElementsAre("ask", "ingest"));
  EXPECT_EQ(add.name, "phone");
  EXPECT_EQ(add.expires, "2030-01-31");
  EXPECT_TRUE(std::holds_alternative<KeysListOptions>(parsed({"keys", "list"}).command));
  EXPECT_EQ(std::get<KeysRevokeOptions>(parsed({"keys", "revoke", "0a1b2c3d"}).command).id, "0a1b2c3d");
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"keys"},
                                             {"keys", "add"},
                                             {"keys", "add", "--scope", "root"},
                                             {"keys", "add", "--scope", ""},
                                             {"keys", "add", "--scope", "ask", "--expires", "tomorrow"},
                                             {"keys", "revoke"}}) {
    EXPECT_EQ(refused(wrong).code, 2);
  }
}

TEST(CommandLine, ReadsEveryCommand) {
  EXPECT_THAT(std::get<IngestOptions>(parsed({"ingest", "a", "b c"}).command).paths, testing::ElementsAre("a", "b c"));
  const auto ask =
      std::get<AskOptions>(parsed({"ask", "Why?", "--type", "pdf", "--type", "html", "--from", "2024-01-31"}).command);
  EXPECT_EQ(ask.question, "Why?");
  EXPECT_THAT(ask.filter.types, testing::ElementsAre("pdf", "html"));
  EXPECT_EQ(ask.filter.from, "2024-01-31");
  EXPECT_EQ(std::get<SearchOptions>(parsed({"search", "x", "-k", "3"}).command).k, 3U);
  EXPECT_TRUE(std::get<ConfigOptions>(parsed({"config", "show", "--origin"}).command).origin);
  EXPECT_EQ(std::get<ServeOptions>(parsed({"serve", "--port", "0"}).command).port, std::uint16_t{0});
  EXPECT_FALSE(std::get<ServeOptions>(parsed({"serve"}).command).port);
  const auto cache =
      std::get<CacheServerCommandOptions>(parsed({"cache-server", "--port", "0", "--host", "::1"}).command);
  EXPECT_EQ(cache.port, 0U);
  EXPECT_EQ(cache.host, "::1");
  const auto service = std::get<ServiceOptions>(parsed({"service", "logs", "--system", "--follow"}).command);
  EXPECT_EQ(service.action, ServiceAction::kLogs);
  EXPECT_TRUE(service.system && service.follow);
  EXPECT_EQ(std::get<ServiceOptions>(parsed({"service", "install"}).command).action, ServiceAction::kInstall);
  const auto kv = std::get<KvOptions>(parsed({"kv", "--model", "m.gguf", "--context", "131072"}).command);
  EXPECT_EQ(kv.model, "m.gguf");
  EXPECT_EQ(kv.context, 131072U);
  EXPECT_EQ(std::get<KvOptions>(parsed({"kv"}).command).context, 0U);
  EXPECT_EQ(std::get<ModelsImportOptions>(parsed({"models", "import", "d", "--name", "n"}).command).type, "q8_0");
  const auto quantize =
      std::get<ModelsQuantizeOptions>(parsed({"models", "quantize", "big", "--type", "q4_k_m", "--no-loss"}).command);
  EXPECT_EQ(quantize.source, "big");
  EXPECT_EQ(quantize.type, "q4_k_m");
  EXPECT_FALSE(quantize.loss);
  const auto pull = std::get<ModelsPullOptions>(
      parsed({"models", "pull", "a/b", "f.gguf", "--from", "https://h", "--name", "n", "--revision", "v1"}).command);
  EXPECT_EQ(std::tie(pull.repository, pull.file, pull.from, pull.name, pull.revision),
            std::make_tuple("a/b", "f.gguf", "https://h", "n", "v1"));
  const auto checkpoint = std::get<ModelsPullOptions>(parsed({"models", "pull", "a/b", "--no-loss"}).command);
  EXPECT_EQ(std::tie(checkpoint.file, checkpoint.from, checkpoint.revision, checkpoint.type, checkpoint.loss),
            std::make_tuple("", "", "main", "q8_0", false));
  const auto chat = std::get<ChatOptions>(parsed({"chat", "--session", "船", "--as-typed", "--type", "pdf"}).command);
  EXPECT_EQ(std::tie(chat.session, chat.as_typed), std::make_tuple("船", true));
  EXPECT_THAT(chat.filter.types, testing::ElementsAre("pdf"));
  EXPECT_EQ(std::get<SessionsListOptions>(parsed({"sessions", "list", "--limit", "5"}).command).limit, 5U);
  EXPECT_EQ(std::get<SessionsShowOptions>(parsed({"sessions", "show", "a"}).command).session, "a");
  EXPECT_EQ(std::get<SessionsResumeOptions>(parsed({"sessions", "resume", "a"}).command).session, "a");
  EXPECT_EQ(std::get<SessionsExportOptions>(parsed({"sessions", "export", "a"}).command).session, "a");
  EXPECT_EQ(std::get<SessionsExportOptions>(parsed({"sessions", "export", "a", "--format", "pdf"}).command).format,
            "pdf");
  const auto fork =
      std::get<SessionsForkOptions>(parsed({"sessions", "fork", "a", "--to", "b", "--turns", "2"}).command);
  EXPECT_EQ(std::tie(fork.session, fork.to, fork.turns), std::make_tuple("a", "b", 2U));
  EXPECT_EQ(std::get<SessionsDeleteOptions>(parsed({"sessions", "delete", "a", "b"}).command).sessions.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<ModelsListOptions>(parsed({"models", "list", "--json"}).command));
  EXPECT_TRUE(std::get<ModelsVerifyOptions>(parsed({"models", "verify"}).command).names.empty());
  EXPECT_EQ(std::get<ModelsRemoveOptions>(parsed({"models", "rm", "a", "b"}).command).names.size(), 2U);
}

TEST(CommandLine, CommonOptionsStandBeforeOrAfterTheCommandAndTheLastOneWins) {
  const Invocation before = parsed({"--data", "x", "--json", "--set", "a.b=1", "library"});
  EXPECT_EQ(before.data, "x");
  EXPECT_TRUE(before.json);
  const Invocation after = parsed({"--data", "x", "library", "--data", "y", "--set", "a=1", "--set", "b=2=3"});
  EXPECT_EQ(after.data, "y");
  EXPECT_THAT(after.set, testing::ElementsAre(testing::Pair("a", "1"), testing::Pair("b", "2=3")));
}

TEST(CommandLine, MistakesSayWhatToDo) {
  EXPECT_THAT(refused({"aks", "x"}).err, HasSubstr("did you mean: docmind ask"));
  EXPECT_THAT(refused({"How tall is it?"}).err, HasSubstr("docmind ask \"How tall is it?\""));
  EXPECT_THAT(refused({}).err, HasSubstr("ingest"));
  for (const auto& wrong : std::vector<std::vector<std::string>>{{"ask"},
                                                                 {"kv", "--context", "0"},
                                                                 {"search", "x", "-k", "0"},
                                                                 {"search", "x", "--from", "yesterday"},
                                                                 {"serve", "--port", "70000"},
                                                                 {"library", "--set", "nothing"},
                                                                 {"library", "--nonsense"},
                                                                 {"completion", "tcsh"},
                                                                 {"config"}}) {
    EXPECT_EQ(refused(wrong).code, 2) << wrong.back();
    EXPECT_FALSE(refused(wrong).err.empty());
  }
}

TEST(CommandLine, WrongArgumentsAreSaidInPlainWords) {
  using Words = std::vector<std::string>;
  const auto said = [](const Words& words) {
    const std::string text = refused(words).err;
    return text.substr(0, text.find('\n'));
  };
  EXPECT_EQ(said({"config", "foo"}),
            "docmind: there is no \"config foo\"; config takes one of show, drift, get, set, migrate");
  EXPECT_EQ(said({"cache"}), "docmind: cache takes one of stats, purge");
  EXPECT_EQ(said({"--nope"}), "docmind: there is no option --nope");
  EXPECT_EQ(said({"service", "--nope"}), "docmind: there is no option --nope");
  EXPECT_EQ(said({"--set", "a=1"}), "docmind: a command is missing");
  EXPECT_EQ(said({"import", "--from", "x", "d"}),
            "docmind: --from: \"x\" is none of open-webui, anything-llm, private-gpt, docmind");
  EXPECT_EQ(said({"bench", "--rounds", "0"}), "docmind: --rounds: \"0\" is no number from 1 to 100");
  EXPECT_EQ(said({"bench", "--tolerance", "x"}), "docmind: --tolerance: \"x\" is no number from 1 to 1000");
  EXPECT_EQ(said({"bench", "--rounds"}), "docmind: --rounds needs a value");
  EXPECT_EQ(said({"rollback", "--to"}), "docmind: --to needs a value");
  EXPECT_EQ(said({"rollback", "data", "--to", ""}), "docmind: --to: it is empty");
  EXPECT_EQ(said({"restore", ""}), "docmind: path: it is empty");
  EXPECT_EQ(said({"config", "get", ""}), "docmind: key: it is empty");
  EXPECT_EQ(said({"rollback", "data", "--list=x"}), "docmind: --list cannot be x");
  EXPECT_EQ(said({"ask"}), "docmind: ask takes exactly one of question, --template");
  EXPECT_EQ(said({"cache", "purge", "--all", "--user", "x"}),
            "docmind: cache purge takes exactly one of --user, --session, --document, --all");
}

TEST(CommandLine, ReadsWhatIsKeptAndWhereToGoBackTo) {
  const auto backup = std::get<BackupOptions>(parsed({"backup", "b", "--models"}).command);
  EXPECT_EQ(std::tie(backup.path, backup.models), std::make_tuple("b", true));
  EXPECT_EQ(std::get<BackupOptions>(parsed({"backup"}).command).path, "");
  const auto restore = std::get<RestoreOptions>(parsed({"restore", "b", "--settings"}).command);
  EXPECT_EQ(std::tie(restore.path, restore.settings), std::make_tuple("b", true));
  const auto back = std::get<RollbackOptions>(parsed({"rollback", "data", "settings", "--data", "d"}).command);
  EXPECT_TRUE(back.goes_back("data") && back.goes_back("settings"));
  EXPECT_FALSE(std::get<RollbackOptions>(parsed({"rollback", "data", "--to", "x"}).command).goes_back("settings"));
  EXPECT_TRUE(std::get<RollbackOptions>(parsed({"rollback", "--list"}).command).list);
  EXPECT_TRUE(std::get<ConfigMigrateOptions>(parsed({"config", "migrate", ".env", "--check"}).command).check);
  for (const auto& wrong : std::vector<std::vector<std::string>>{
           {"restore"}, {"rollback"}, {"rollback", "binary"}, {"rollback", "--to", "x"}, {"config", "migrate"}}) {
    EXPECT_EQ(refused(wrong).code, 2) << wrong.back();
  }
  const auto program =
      std::get<RollbackOptions>(parsed({"rollback", "program", "data", "--to", "x", "--package", "p"}).command);
  EXPECT_TRUE(program.goes_back("program") && program.goes_back("data") && !program.goes_back("settings"));
  EXPECT_TRUE(std::get<RollbackOptions>(parsed({"rollback", "all"}).command).goes_back("settings"));
}

TEST(CommandLine, OfARollbackEachMistakeHasItsSentence) {
  using Words = std::vector<std::string>;
  const std::string takes = "docmind: rollback takes data, settings, program or all, or --list alone\n";
  for (const Words& wrong : {Words{"rollback"}, {"rollback", "binary"}, {"rollback", "--list", "data"}}) {
    EXPECT_THAT(refused(wrong).err, StartsWith(takes)) << wrong.back();
  }
  EXPECT_THAT(refused({"rollback", "data", "--package", "p"}).err,
              StartsWith("docmind: --package belongs to rollback program\n"));
  EXPECT_THAT(refused({"rollback", "program", "--to", "x"}).err,
              StartsWith("docmind: --to belongs to rollback data or settings\n"));
  EXPECT_THAT(refused({"rollback", "all", "--to", "x"}).err, StartsWith("docmind: --to names one thing"));
}

TEST(CommandLine, BenchMeasuresAllPartsUnlessSomeAreNamed) {
  const auto all = std::get<BenchOptions>(parsed({"bench"}).command);
  EXPECT_THAT(all.parts, testing::ElementsAreArray(speed::parts()));
  EXPECT_EQ(std::tie(all.rounds, all.keep, all.history), std::make_tuple(5U, true, ""));
  const auto some = std::get<BenchOptions>(
      parsed({"bench", "db", "search", "--rounds", "9", "--tolerance", "2.5", "--patience", "600", "--no-keep"})
          .command);
  EXPECT_THAT(some.parts, testing::ElementsAre("db", "search"));
  EXPECT_EQ(std::tie(some.rounds, some.tolerance, some.keep), std::make_tuple(9U, 2.5, false));
  EXPECT_EQ(some.patience, std::chrono::minutes(10));
  EXPECT_THAT(refused({"bench", "disk"}).err, HasSubstr("disk"));
}

TEST(CommandLine, OfTheCacheItIsSaidWhatGoes) {
  EXPECT_TRUE(std::holds_alternative<CacheStatsOptions>(parsed({"cache", "stats"}).command));
  EXPECT_TRUE(std::get<CachePurgeOptions>(parsed({"cache", "purge", "--all"}).command).all);
  EXPECT_EQ(std::get<CachePurgeOptions>(parsed({"cache", "purge", "--user", "anna"}).command).user, "anna");
  EXPECT_TRUE(std::get<AskOptions>(parsed({"ask", "Why?", "--no-cache"}).command).no_cache);
  for (const auto& wrong : std::vector<std::vector<std::string>>{
           {"cache"}, {"cache", "purge"}, {"cache", "purge", "--all", "--user", "anna"}, {"cache", "empty"}}) {
    EXPECT_EQ(refused(wrong).code, 2) << wrong.back();
  }
}

TEST(CommandLine, EveryCommandHasHelpWithExamplesAndIsCompleted) {
  for (const char* name : {"ingest",     "ask",    "search",       "library", "delete",  "trace",    "verify",
                           "config",     "serve",  "cache-server", "mcp",     "doctor",  "validate", "bench",
                           "completion", "models", "cache",        "backup",  "restore", "rollback"}) {
    const Reply help = refused({name, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, HasSubstr(std::string("Examples of docmind ") + name));
    for (const char* shell : {"bash", "zsh", "fish"}) EXPECT_THAT(completion_script(shell), HasSubstr(name));
  }
  EXPECT_THAT(refused({"--version"}).out, HasSubstr(DOCMIND_VERSION));
}

}  // namespace
}  // namespace docmind::cli
