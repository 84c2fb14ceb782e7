// From a BERT checkpoint's names and settings to those that libllama expects (architecture "bert").
//
// Facts from llama.cpp's conversion/bert.py and gguf-py/gguf/constants.py (MIT): WordPiece tokens are stored with a
// phantom space (U+2581) before each word start and without the "##" of continuations; the pooling layer of BERT
// itself is not used; pooling comes from the sentence-transformers files beside the checkpoint.
// Pure functions of texts; those are hostile.
#pragma once
#include <vector>

#include "base/result.h"
#include "model/family.h"
#include "model/model_plan.h"
#include "model/safetensors.h"

namespace docmind::model {

// Every tensor the model needs, each checked against `tensors` for presence and shape.
Result<ModelPlan> plan_bert(const CheckpointTexts& checkpoint, const std::vector<TensorInfo>& tensors);

// XLM-RoBERTa (BGE-M3) with its unigram tokenizer; with a classification head (BGE rerankers) it becomes a reranker.
Result<ModelPlan> plan_xlm_roberta(const CheckpointTexts& checkpoint, const std::vector<TensorInfo>& tensors);

}  // namespace docmind::model
