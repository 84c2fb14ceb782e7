// Where our folders are: the XDG Base Directory Specification 0.8, and a socket folder that only its user can enter.
//
// Pure functions of the environment but for runtime_folder, which makes and checks the folder.
#pragma once
#include <filesystem>

#include "base/result.h"
#include "sys/environment.h"

namespace docmind::sys {

// $XDG_DATA_HOME/docmind, else $HOME/.local/share/docmind. kInvalidArgument when neither variable is usable.
Result<std::filesystem::path> data_folder(const Environment& environment);
// $XDG_CONFIG_HOME/docmind, else $HOME/.config/docmind.
Result<std::filesystem::path> config_folder(const Environment& environment);
// $XDG_CACHE_HOME/docmind, else $HOME/.cache/docmind.
Result<std::filesystem::path> cache_folder(const Environment& environment);

// $XDG_RUNTIME_DIR/docmind, else (no such folder, or too long for a socket path) /run/docmind when it is this user's
// alone, as the machine's service has it, else /tmp/docmind-UID; made with mode 0700.
// kUnauthorized when it is a link, is another user's, or others can enter it.
Result<std::filesystem::path> runtime_folder(const Environment& environment);

// The socket of whoever holds this data folder: <runtime folder>/<first 16 digits of the hash of its canonical
// path>.sock kInvalidArgument when it would be longer than the 107 bytes a Unix socket path may have.
Result<std::filesystem::path> socket_path(const Environment& environment, const std::filesystem::path& data);

}  // namespace docmind::sys
