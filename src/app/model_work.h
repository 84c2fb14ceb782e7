// What is done with models, for the commands and for who serves: names of types, the list, pull, import with its loss,
// the card that is shown; and how a command tells of it on its terminal.
//
// Plain functions; progress lines go to the terminal that was handed in, which outlives them.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "app/models.h"
#include "model/model_folder.h"

namespace docmind::app {

Result<model::WeightType> type_named(const std::string& name);
std::string size_text(std::uint64_t bytes);  // "4.20 GB"

// A line that is redrawn on a terminal, else one line every tenth.
model::Progress progress_on(cli::Terminal& terminal, std::string what);

boost::json::object card_json(const model::ModelCard& card);

// Work on the models of a data directory, and how it tells of itself.
struct ModelWork {
  const Layout& layout;
  std::function<model::Progress(const std::string& what)> progress;
  std::function<void(const Error& why, Duration pause)> waits;  // Before another attempt.
  std::stop_token stop;
};
ModelWork on_terminal(const ModelsContext& context);

Result<boost::json::array> model_list(const Layout& layout);

// What a model lost against a reference, measured by a child: libllama ends its process when it finds a mistake in a
// model.
Result<model::LossReport> measure(const std::filesystem::path& reference, const std::filesystem::path& file,
                                  const ModelWork& work);

Result<model::ModelCard> import_with_card(const cli::ModelsImportOptions& options, model::WeightType type,
                                          const ModelWork& work);

// What a pull refuses before anything is asked of the hub.
Result<> check_pull(const cli::ModelsPullOptions& options, const config::Settings::Models& hub, const Layout& layout);
// From that hub, and from nowhere when it has no address. What has arrived when it is stopped or fails stays, and the
// next pull of the same goes on behind it.
Result<model::ModelCard> pull_with_card(const cli::ModelsPullOptions& options, const config::Settings::Models& hub,
                                        const Clock& clock, const ModelWork& work);

// Prints the card; the exit code, which is 4 when quantising cost too much.
int show(const model::ModelCard& card, const std::filesystem::path& file, const cli::Surroundings& here);

}  // namespace docmind::app
