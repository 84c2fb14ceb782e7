// What the commands about models share: names of types, progress, import with its loss, the card that is shown.
//
// Plain functions; progress lines go to the terminal that was handed in, which outlives them.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "app/models.h"
#include "model/model_folder.h"

namespace docmind::app {

Result<model::WeightType> type_named(const std::string& name);
std::string size_text(std::uint64_t bytes);  // "4.20 GB"

// A line that is redrawn on a terminal, else one line every tenth.
model::Progress progress_on(cli::Terminal& terminal, std::string what);

boost::json::object card_json(const model::ModelCard& card);

// What a model lost against a reference, measured by a child: libllama ends its process when it finds a mistake in a
// model.
Result<model::LossReport> measure(const std::filesystem::path& reference, const std::filesystem::path& file,
                                  const ModelsContext& context);

Result<model::ModelCard> import_with_card(const cli::ModelsImportOptions& options, model::WeightType type,
                                          const ModelsContext& context);

// Prints the card; the exit code, which is 4 when quantising cost too much.
int show(const model::ModelCard& card, const std::filesystem::path& file, const cli::Surroundings& here);

}  // namespace docmind::app
