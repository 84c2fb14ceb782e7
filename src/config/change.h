// Changes settings where they are written: in the YAML file that counts most, checked by the code that reads them at a
// start, and written whole or not at all.
//
// Thread safety: plain functions; two changes at the same time are the caller's to keep apart.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "config/load.h"

namespace docmind::config {

using Changes = std::map<std::string, std::string, std::less<>>;  // Key to value, as it would be written in a file.
// What else a start would refuse.
using Usable = std::function<Result<>(const Settings&)>;

enum class Write : std::uint8_t { kNo, kYes };

// What is loaded then. Errors: kInvalidArgument for a value, a combination, or a key that is no setting; kConflict for
// a key that something sets which counts more than the file; those of writing it. The message begins with the key that
// is to blame, if one is. Nothing is changed by an error.
Result<Loaded> change(const Sources& sources, const Loaded& now, const Changes& changes, const Usable& usable,
                      Write write, sys::Files& files);

// Why a person cannot change it in the file, one sentence; empty: he can.
std::string lock_of(const Declaration& setting, const Loaded& now);

}  // namespace docmind::config
