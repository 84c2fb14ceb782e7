// What a CausalModel is made of, for the runner that computes with it.
#pragma once
#include "engine/causal_model.h"

namespace docmind::engine {

struct CausalModel::State {
  CausalFacts facts;
  VocabularyFacts vocabulary_facts;
  ModelPointer model;
  const llama_vocab* vocabulary = nullptr;
};

}  // namespace docmind::engine
