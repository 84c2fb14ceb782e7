// The models of an Ollama: which there are, which are loaded, making one from a GGUF file, pulling, unloading,
// removing.
//
// Through Ollama's own API (docs/api.md of version 0.17). Thread safety: any method from any thread; nothing is kept
// between calls. What Ollama says is hostile: bounded, and a field of another type counts as nothing. Only pull() lets
// Ollama ask another machine. Errors: kInvalidArgument (a name that is none, a file that is no model), kNotFound,
// kUnavailable (nobody answers, or Ollama failed), kDataLoss (what answers is no Ollama), kCancelled,
// kDeadlineExceeded, and those of reading a file.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "net/client.h"

namespace docmind::ollama {

// The name under which a file of ours is made there, unless another is asked for.
inline constexpr std::string_view kOwnName = "docmind-qwen3";

struct Place {
  net::Endpoint endpoint{};
  std::string prefix{};            // Of every path, without a slash at its end.
  std::shared_ptr<void> needed{};  // What has to live while it is asked.
};
// What of other machines an Ollama reaches, when it is ours to say.
enum class Reaches : std::uint8_t { kNothing, kRegistry };
// Where one answers that reaches as much; starts it when it is ours to start.
using Where = std::function<Result<Place>(Reaches, Deadline, std::stop_token)>;

struct ListedModel {
  std::string name{};    // "docmind-qwen3:latest"
  std::string digest{};  // Of its manifest.
  std::uint64_t bytes = 0;
  std::string family{};        // "qwen3"
  std::string parameters{};    // "4.0B"
  std::string quantisation{};  // "Q8_0"
  std::string remote{};        // The host that computes it when it does not lie here; else empty.
};

struct LoadedModel {
  std::string name{};
  std::uint64_t bytes = 0;            // Of memory, weights and all.
  std::uint64_t bytes_on_device = 0;  // The part that lies on a card.
  std::uint32_t context = 0;          // Tokens of its window.
  std::string until{};                // When it goes, as Ollama writes it (RFC 3339).
};

struct Progress {
  std::string what{};       // "copying", "pulling 0123abcd"
  std::uint64_t done = 0;   // Bytes.
  std::uint64_t total = 0;  // 0: not known.
};
using OnProgress = std::function<void(const Progress&)>;  // On the caller's thread.

struct NewModel {
  std::filesystem::path file{};  // A GGUF file that stands still.
  std::string name{kOwnName};    //
  std::uint32_t context = 0;     // Tokens that it gets unless a request says otherwise; 0: Ollama's own.
  std::string digest{};          // SHA-256 of the file when it is known, else empty.
};

class OllamaModels {
 public:
  // Both outlive it.
  OllamaModels(Where where, net::Client& client, const Clock& clock);

  Result<std::vector<ListedModel>> list(Deadline deadline, std::stop_token stop) const;
  Result<std::vector<LoadedModel>> loaded(Deadline deadline, std::stop_token stop) const;
  // Copies the file over unless its bytes are there already, and makes or replaces the model. The file's SHA-256.
  Result<std::string> create(const NewModel& model, const OnProgress& on_progress, Deadline deadline,
                             std::stop_token stop) const;
  Result<> pull(const std::string& name, const OnProgress& on_progress, Deadline deadline, std::stop_token stop) const;
  Result<> unload(const std::string& name, Deadline deadline, std::stop_token stop) const;
  Result<> remove(const std::string& name, Deadline deadline, std::stop_token stop) const;

 private:
  Result<net::Response> send(net::Request request, net::SendOptions options, Reaches reaches = Reaches::kNothing) const;
  Result<std::string> get(std::string path, Deadline deadline, std::stop_token stop) const;
  Result<> streamed(net::Request request, const OnProgress& on_progress, Reaches reaches, Deadline deadline,
                    std::stop_token stop) const;
  Result<> copy(std::string_view bytes, const std::string& digest, const OnProgress& on_progress, Deadline deadline,
                std::stop_token stop) const;

  const Where where_;
  net::Client& client_;
  const Clock& clock_;
};

// SHA-256 of a file in hexadecimal digits.
Result<std::string> digest_of(const std::filesystem::path& file, const OnProgress& on_progress, std::stop_token stop);

// kInvalidArgument unless Ollama could have a model of that name: [HOST/][NAMESPACE/]NAME[:TAG].
Result<> check_name(std::string_view name);
// The machine that would be asked for it: "registry.ollama.ai", or the one in the name.
std::string registry_of(std::string_view name);
// As Ollama lists it: with ":latest" when no tag is said.
std::string with_tag(std::string_view name);

// The template for a conversation in Ollama's language (Go's text/template) where the file's own is Qwen3's or of its
// kind; empty where Ollama finds one by itself. Source: the chat template of Qwen3 (Apache 2.0).
std::string chat_template_for(std::string_view jinja);

}  // namespace docmind::ollama
