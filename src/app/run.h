// The whole program: reads settings, builds everything once in narrated order, runs one command, takes it down again.
#pragma once

namespace docmind::app {

// The process exit code (docs/cli.md).
int run(int argc, char** argv);

}  // namespace docmind::app
