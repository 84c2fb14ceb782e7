// What an engine child is started with, as the settings and the model's file say. Thread safety: plain functions.
#pragma once
#include <filesystem>

#include "app/layout.h"
#include "config/settings.h"
#include "llm/llamacpp/engine_child.h"

namespace docmind::app {

llamacpp::EngineChildOptions engine_options(std::uint32_t threads, const Layout& layout,
                                            const std::filesystem::path& model);

// Of the chat model; `beside`: bytes of main memory that the models beside it take.
llamacpp::EngineChildOptions chat_options(const config::Settings& settings, const Layout& layout,
                                          const std::filesystem::path& model, std::uint64_t beside);

}  // namespace docmind::app
