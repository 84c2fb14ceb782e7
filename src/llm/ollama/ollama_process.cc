#include "llm/ollama/ollama_process.h"

#include <fmt/format.h>

#include <utility>

#include "net/free_port.h"
#include "sys/files.h"

namespace docmind::ollama {
namespace {

constexpr std::string_view kNowhere = "http://127.0.0.1:9";  // The port of "discard", which nobody serves any more.

}  // namespace

std::vector<std::string> names_passed_on(Reaches reaches) {
  std::vector<std::string> names = {"CUDA_VISIBLE_DEVICES",     "HIP_VISIBLE_DEVICES",     "ROCR_VISIBLE_DEVICES",
                                    "HSA_OVERRIDE_GFX_VERSION", "GGML_VK_VISIBLE_DEVICES", "LD_LIBRARY_PATH"};
  if (reaches == Reaches::kRegistry) {
    for (const char* name : {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy",
                             "SSL_CERT_FILE", "SSL_CERT_DIR"}) {
      names.emplace_back(name);
    }
  }
  return names;
}

std::vector<std::string> environment_of(const OllamaProcessOptions& options, std::uint16_t port) {
  std::vector<std::string> out = {
      "PATH=/usr/local/bin:/usr/bin:/bin",
      "LANG=C.UTF-8",
      fmt::format("HOME={}", (options.folder / "home").string()),
      fmt::format("OLLAMA_HOST=127.0.0.1:{}", port),
      fmt::format("OLLAMA_MODELS={}", (options.folder / "models").string()),
      "OLLAMA_FLASH_ATTENTION=1",
      "OLLAMA_KV_CACHE_TYPE=q8_0",
      fmt::format("OLLAMA_KEEP_ALIVE={}", options.keep_alive),
      fmt::format("OLLAMA_NUM_PARALLEL={}", options.parallel),
      "OLLAMA_MAX_LOADED_MODELS=1",
      "OLLAMA_MAX_QUEUE=64",
      "OLLAMA_NOPRUNE=1",     // Blobs of a model that is being made have no manifest yet.
      "OLLAMA_NO_CLOUD=1",    // No models that run elsewhere,
      "OLLAMA_REMOTES=none",  // and no host that one could run at.
      "OLLAMA_NOHISTORY=1",
      "DO_NOT_TRACK=1",
  };
  if (options.reaches == Reaches::kNothing) {
    for (const char* name : {"HTTPS_PROXY", "HTTP_PROXY"}) out.push_back(fmt::format("{}={}", name, kNowhere));
  }
  out.insert(out.end(), options.passed_on.begin(), options.passed_on.end());
  return out;
}

Result<std::unique_ptr<child::ServerChild>> open_ollama(const OllamaProcessOptions& options,
                                                        child::ServerChildDeps deps) {
  if (!options.program.starts_with('/')) {
    return Error{Code::kInvalidArgument, "ollama.program is no absolute path: " + sys::printable(options.program) + ".",
                 "Say where the program lies: command -v ollama tells it."};
  }
  if (auto found = deps.files.stat(options.program); !found) {
    return Error{Code::kInvalidArgument, "ollama.program: there is no " + sys::printable(options.program) + ".",
                 "Install Ollama, or set ollama.program to where it lies."};
  }
  for (const char* name : {"home", "models"}) DM_TRY(deps.files.make_dirs(options.folder / name));
  const bool answers = options.reaches == Reaches::kNothing;
  child::ServerChildOptions child;
  child.name = answers ? "Ollama" : "Ollama that pulls";
  if (answers) child.backend = "ollama";
  child.launch = [options](std::size_t) -> Result<child::Launch> {
    const std::uint16_t port = DM_TRY(net::free_port(options.port).with("ollama.port"));
    std::vector<std::string> argv = options.leader;
    argv.insert(argv.end(), {options.program, "serve"});
    return child::Launch{.argv = std::move(argv),
                         .environment = environment_of(options, port),
                         .endpoint = {.host = "127.0.0.1", .port = port}};
  };
  child.health_path = "/api/version";
  child.log_file = (options.logs / (answers ? "ollama.log" : "ollama-pull.log")).string();
  return child::ServerChild::open(std::move(child), deps);
}

}  // namespace docmind::ollama
