// An Ollama of our own: what it is started with, and the process that is kept (llm/child).
//
// Its environment is made from nothing: its models and its home lie in a folder of ours, flash attention is on and keys
// and values take 8 bit. The one that answers reaches no other machine: its cloud is off, and the proxy it is given for
// all hosts but this machine is a port where nobody listens (Go's net/http takes proxies from the environment, and
// never one for loopback addresses). A model is pulled by a second one on the same models, which lives for that alone
// and has the way out that the user has. Names of variables: Ollama's envconfig (version 0.17); one that a version does
// not know it passes over.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "llm/child/server_child.h"
#include "llm/ollama/ollama_models.h"

namespace docmind::ollama {

struct OllamaProcessOptions {
  std::string program{};  // The ollama program, an absolute path.
  // Put before the command, to end the whole of it with us: what computes is a process of its own (sys/group_leader.h).
  std::vector<std::string> leader{};
  std::filesystem::path folder{};  // models/ and home/ lie in it; made when absent.
  std::filesystem::path logs{};    // Folder of ollama.log and ollama-pull.log; made when absent.
  std::uint16_t port = 0;          // Of this machine; 0: any free one, another at each start.
  std::string keep_alive = "5m";
  std::uint32_t parallel = 1;  // Texts at once; each has a window of its own in memory.
  Reaches reaches = Reaches::kNothing;
  std::vector<std::string> passed_on{};  // "NAME=value" of the user's: cards it may see, and for a pull, proxies.
};

// What of the user's environment goes along: the first always, all of them with Reaches::kRegistry.
std::vector<std::string> names_passed_on(Reaches reaches);

std::vector<std::string> environment_of(const OllamaProcessOptions& options, std::uint16_t port);

// kInvalidArgument for a program that is no absolute path or not there; kConflict, at the start, for a port that is
// taken.
Result<std::unique_ptr<child::ServerChild>> open_ollama(const OllamaProcessOptions& options,
                                                        child::ServerChildDeps deps);

}  // namespace docmind::ollama
