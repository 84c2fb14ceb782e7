// What is given up, one after the other, when a vLLM does not start or runs out of memory: FlashInfer, half of the
// window, memory of the card, and at last the card for the weights. And which of its ends call for that.
//
// Pure. A build for the processor has windows alone to give up: it has no card. vLLM cannot go from a card to the
// processor by a flag; the last step keeps its weights in main memory.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "llm/vllm/checkpoint.h"
#include "llm/vllm/installed.h"
#include "llm/vllm/service.h"

namespace docmind::vllm {

// For people: "the next attention back end", "context 65536". Only those that change something.
std::vector<std::string> steps_of(const VllmService& service, Build build);

// The settings with the first `count` steps in force.
VllmService after_steps(const VllmService& service, Build build, std::size_t count, const Checkpoint& checkpoint);

// Whether this is how a vLLM ends for want of memory, or of its attention back end, from what it said last.
bool ended_for_memory(std::string_view said);
bool ended_for_attention(std::string_view said);

// The line that says why, out of tracebacks of several processes; empty when there is none.
std::string cause_in(std::string_view said);

}  // namespace docmind::vllm
