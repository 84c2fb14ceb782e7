#include "engine/libllama.h"

#include <dlfcn.h>
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <llama.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "model/model_file.h"

namespace docmind::engine {
namespace {

constexpr std::size_t kMaxText = 16U << 20U;  // llama_tokenize counts in 32-bit integers.

// What llama_model_params points to.
struct Placement {
  std::vector<ggml_backend_dev_t> devices;
  std::vector<float> layers;
  std::int32_t all = 0;
};

Result<Placement> placement_of(const Offload& offload) {
  Placement out;
  out.layers.assign(llama_max_devices(), 0);
  for (const Offload::Card& card : offload.cards) {
    if (card.layers == 0) continue;
    ggml_backend_dev_t device = ggml_backend_dev_by_name(card.name.c_str());
    if (device == nullptr || out.devices.size() == out.layers.size()) {
      return Error{Code::kNotFound, "There is no device " + card.name + " any more.", "See docmind doctor."};
    }
    out.layers[out.devices.size()] = static_cast<float>(card.layers);
    out.devices.push_back(device);
    out.all += static_cast<std::int32_t>(card.layers);
  }
  out.devices.push_back(nullptr);
  return out;
}

// Where the errors of libllama's log go while this thread loads a model: what went wrong is said nowhere else.
std::string*& heard() {
  thread_local std::string* words = nullptr;
  return words;
}

void hear(ggml_log_level level, const char* text, void* /*data*/) {
  constexpr std::size_t kMost = 4096;
  std::string* words = heard();
  if (level == GGML_LOG_LEVEL_ERROR && words != nullptr && words->size() < kMost) words->append(text);
}

// "failed to allocate buffer", "unable to allocate", "std::bad_alloc", "Cannot allocate memory".
bool is_about_memory(std::string_view words) { return words.find("alloc") != std::string_view::npos; }

// Where libggml lies, and with it the kernels that it loads at run time.
std::string folder_of_ggml() {
  Dl_info info{};
  void* inside = dlsym(RTLD_DEFAULT, "ggml_backend_load_all_from_path");
  if (inside == nullptr || dladdr(inside, &info) == 0 || info.dli_fname == nullptr) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

Result<> start() {
  llama_log_set(hear, nullptr);
  const std::string folder = folder_of_ggml();
  if (std::string_view(ggml_version()) != DOCMIND_GGML_VERSION) {
    return Error{Code::kInternal,
                 "The ggml in " + folder + " is version " + ggml_version() + ", and this build needs " +
                     DOCMIND_GGML_VERSION + ".",
                 "Reinstall docmind, or build it again."};
  }
  // One that was built for a single kind of processor brings it along; otherwise the fitting one is among those beside
  // it. Named by folder: left alone ggml would look in the current one, too.
  if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == nullptr) {
    ggml_backend_load_all_from_path(folder.c_str());
  }
  if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == nullptr) {
    return Error{Code::kInternal, "There is nothing in " + folder + " that computes on this processor.",
                 "Reinstall docmind."};
  }
  llama_backend_init();
  return {};
}

// A function of ggml's that comes with the kernels, which may have been loaded at run time.
template <class Function>
Function* of_the_processor(const char* name) {
  ggml_backend_dev_t processor = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  if (processor == nullptr) return nullptr;
  return reinterpret_cast<Function*>(ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(processor), name));
}

}  // namespace

Result<> start_libllama() {
  static const Result<> started = start();
  return started;
}

void FreeModel::operator()(llama_model* model) const { llama_model_free(model); }
void FreeContext::operator()(llama_context* context) const { llama_free(context); }
void FreeThreads::operator()(ggml_threadpool* threads) const {
  of_the_processor<decltype(ggml_threadpool_free)>("ggml_threadpool_free")(threads);
}

Result<ThreadsPointer> keep_threads(std::uint32_t count) {
  auto* make = of_the_processor<decltype(ggml_threadpool_new)>("ggml_threadpool_new");
  ggml_threadpool_params params = ggml_threadpool_params_default(static_cast<int>(count));
  params.poll = 0;  // Left alone they would spin for a tenth of a second after each pass.
  ThreadsPointer threads(make == nullptr ? nullptr : make(&params));
  if (threads == nullptr) {
    return Error{Code::kResourceExhausted, "The threads to compute with could not be had.", "Set fewer threads."};
  }
  return threads;
}

Result<ModelPointer> load_model(const std::string& path, const std::optional<Offload>& offload) {
  DM_TRY(model::read_model_file(path));  // Before libllama sees the file.
  DM_TRY(start_libllama());
  llama_model_params params = llama_model_default_params();
  params.check_tensors = true;
  Placement placement;
  if (offload) {
    placement = DM_TRY(placement_of(*offload));
    params.devices = placement.devices.data();
    params.tensor_split = placement.layers.data();
    params.n_gpu_layers = placement.all;
  }
  std::string words;
  heard() = &words;
  ModelPointer model(llama_model_load_from_file(path.c_str(), params));
  heard() = nullptr;
  if (model == nullptr && is_about_memory(words)) {
    return Error{Code::kResourceExhausted, "There is no memory for the weights in " + path + ".",
                 "Use a smaller or more strongly quantised model, or free memory."};
  }
  if (model == nullptr) {
    return Error{Code::kInvalidArgument, "libllama cannot load " + path + ".",
                 "Use another GGUF file, or import the model again with docmind models import."};
  }
  return model;
}

std::string metadata(const llama_model* model, const std::string& key) {
  const std::int32_t length = llama_model_meta_val_str(model, key.c_str(), nullptr, 0);
  if (length < 0) return {};
  std::string text(static_cast<std::size_t>(length), '\0');
  llama_model_meta_val_str(model, key.c_str(), text.data(), text.size() + 1);
  return text;
}

Result<std::vector<TokenId>> tokens_of(const llama_vocab* vocabulary, std::string_view text, SpecialTokens special) {
  const Error too_long{Code::kInvalidArgument, "A text is longer than 16 MiB.", "Send it in pieces."};
  if (text.size() > kMaxText) return too_long;
  // A character becomes at most a few tokens; when the first guess is too small, the call says how many it needs.
  std::vector<TokenId> tokens(text.size() / 2 + 8);
  const auto length = static_cast<std::int32_t>(text.size());
  const auto tokenise = [&] {
    return llama_tokenize(vocabulary, text.data(), length, tokens.data(), static_cast<std::int32_t>(tokens.size()),
                          special == SpecialTokens::kAround, special == SpecialTokens::kParse);
  };
  std::int32_t count = tokenise();
  if (count == std::numeric_limits<std::int32_t>::min()) return too_long;
  if (count < 0) {
    tokens.resize(static_cast<std::size_t>(-count));
    count = tokenise();
  }
  tokens.resize(static_cast<std::size_t>(std::max(count, 0)));
  return tokens;
}

}  // namespace docmind::engine
