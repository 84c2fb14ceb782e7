// `docmind validate`: each production requirement of the specifications measured on this machine, now.
//
// Works in a temporary folder that is gone at its end, at Ctrl-C too: of the data directory it reads the models alone.
#pragma once
#include "app/trial.h"

namespace docmind::app {

// The exit code: kQualityLimit when something failed.
int validate(const TrialContext& context);

}  // namespace docmind::app
