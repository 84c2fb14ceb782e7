// A unigram (SentencePiece) tokenizer as tokenizer.json describes it, in the words of a GGUF file ("t5").
//
// Facts from llama.cpp's conversion/bert.py (MIT). Ids without a piece become "[PADn]" of type unused; the normaliser
// is SentencePiece's own precompiled map of characters, or none. Pure; hostile input. Errors: kInvalidArgument,
// kNotFound.
#pragma once
#include <cstdint>

#include "base/result.h"
#include "model/family.h"
#include "model/model_plan.h"

namespace docmind::model {

// `tokens`: rows of the token embedding.
Result<Metadata> unigram_metadata(const CheckpointTexts& texts, std::uint32_t tokens);

}  // namespace docmind::model
