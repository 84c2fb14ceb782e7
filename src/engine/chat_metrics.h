// What a chat engine says of itself at GET /metrics: texts, cells, tokens by source, saved beginnings, memory; names in
// docs/formats/engine.md.
//
// Thread safety: any thread.
#pragma once
#include <string>

namespace docmind::engine {

class ChatEngine;

std::string metrics_text(ChatEngine& engine);  // Prometheus text, as of now.

}  // namespace docmind::engine
