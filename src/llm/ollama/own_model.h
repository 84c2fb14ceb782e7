// Sees to it that an Ollama has our model: made of our GGUF file when it is first wanted, and again when that file, or
// what is made of it, changed.
//
// What was made is remembered in a small record (file, its size and time, SHA-256, the digest that Ollama gave), so
// that a later process neither hashes nor copies. The work goes on when who asked for it does not wait any longer: the
// next one finds it further on. Thread safety: any method from any thread. Its destructor stops the work and waits for
// it.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "base/thread_annotations.h"
#include "llm/ollama/ollama_models.h"
#include "obs/log.h"
#include "sys/files.h"

namespace docmind::ollama {

struct OwnModelOptions {
  std::filesystem::path file{};    // GGUF.
  std::filesystem::path record{};  // Where it is remembered; its folder is made when absent.
  std::string name{kOwnName};
  std::uint32_t context = 0;  // As in NewModel.
};

struct OwnModelDeps {  // All outlive it.
  const OllamaModels& models;
  sys::Files& files;
  const Clock& clock;
  const obs::Log& log;
};

class OwnModel {
 public:
  OwnModel(OwnModelOptions options, OwnModelDeps deps);
  ~OwnModel();
  OwnModel(const OwnModel&) = delete;
  OwnModel& operator=(const OwnModel&) = delete;

  // Waits until the model is there. How often it was found or made: a number that grows when it is another one.
  // kUnavailable, with how far it is, when the deadline comes first; else what it failed with.
  Result<std::uint64_t> ready(Deadline deadline, std::stop_token stop) DM_EXCLUDES(mutex_);

  // Ollama does not know the model any more: the next ready() looks.
  void forget() DM_EXCLUDES(mutex_);

 private:
  struct Record;
  Result<> make(const sys::FileStat& file, const std::stop_token& stop);
  Result<bool> is_there(const Record& record, const std::stop_token& stop) const;
  std::optional<Record> recorded() const;
  void keep(const Record& record) const;
  void run(const sys::FileStat& file, const std::stop_token& stop) DM_EXCLUDES(mutex_);
  void tell(const Progress& progress) DM_EXCLUDES(mutex_);

  const OwnModelOptions options_;
  const OwnModelDeps deps_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool working_ DM_GUARDED_BY(mutex_) = false;
  Progress at_ DM_GUARDED_BY(mutex_);
  std::optional<sys::FileStat> made_of_ DM_GUARDED_BY(mutex_);
  std::optional<Error> failure_ DM_GUARDED_BY(mutex_);  // Of the last work.
  std::uint64_t times_ DM_GUARDED_BY(mutex_) = 0;
  std::jthread worker_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::ollama
