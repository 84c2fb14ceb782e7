// What a CausalModel is made of, for the runner that computes with it.
#pragma once
#include <string>
#include <vector>

#include "engine/causal_model.h"

namespace docmind::engine {

struct CausalModel::State {
  CausalFacts facts;
  ModelPointer model;
  const llama_vocab* vocabulary = nullptr;
  std::vector<std::string> pieces;
};

}  // namespace docmind::engine
