// A byte-pair tokenizer as tokenizer.json describes it, in the words of a GGUF file ("gpt2" with a named
// pre-tokenizer).
//
// libllama cannot run a pre-tokenizer's regular expression from a file: it knows some by name, so the expression must
// be one whose name we know, else the tokens would silently be others. Unicode NFC is not done by libllama at all; the
// key docmind.tokenizer.nfc says that whoever tokenises with this model must do it first. Facts from llama.cpp's
// conversion/base.py (MIT): ids without a token become "[PADn]" of type unused; added tokens are control tokens when
// they are special or look like "<|...|>", else user-defined. Pure; hostile input. Errors: kInvalidArgument.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/family.h"
#include "model/model_plan.h"

namespace docmind::model {

// `tokens`: rows of the token embedding.
Result<Metadata> bpe_metadata(const CheckpointTexts& texts, std::uint32_t tokens);

}  // namespace docmind::model
