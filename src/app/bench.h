// `docmind bench`: how fast the parts of this DocMind are on this machine, beside its own earlier runs.
//
// Works in a temporary folder that is gone at its end, at Ctrl-C too: of the data directory it reads the models, and
// writes the history (bench.jsonl).
#pragma once
#include "app/trial.h"
#include "cli/command_line.h"

namespace docmind::app {

// The exit code: kQualityLimit when a figure is worse than before, kFailed when one could not be measured.
int bench(const TrialContext& context, const cli::BenchOptions& options);

}  // namespace docmind::app
