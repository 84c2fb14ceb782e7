// The Ollama that ollama.program names, run by us: its process, its models, and ours among them.
//
// Thread safety: as its parts; it outlives whoever uses them.
#pragma once
#include <memory>

#include "app/backends.h"
#include "llm/ollama/ollama_backend.h"

namespace docmind::app {

class ManagedOllama {
 public:
  // Starts nothing yet. kInvalidArgument for a program that is not there; what the chat model's file fails with.
  static Result<std::unique_ptr<ManagedOllama>> open(const BackendsDeps& deps);

  child::ServerChild& child() { return *child_; }
  const ollama::OllamaModels& models() const { return *models_; }
  ollama::OwnModel* own() { return own_.get(); }  // Null when another model is to answer there.

 private:
  ManagedOllama() = default;
  std::unique_ptr<child::ServerChild> child_;
  std::unique_ptr<ollama::OllamaModels> models_;
  std::unique_ptr<ollama::OwnModel> own_;
};

}  // namespace docmind::app
