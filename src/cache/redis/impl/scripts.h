// What is done in the server, a script for each step: whole or not at all, and seen by others only as a whole.
//
// Every script is called with no keys and the prefix (with its ":") as its first argument. Numbers that may be large go
// as text. Moments are microseconds of the server's clock when there were none before, and rise by one with each purge:
// whole numbers that a Lua number (a double) holds exactly.
#pragma once
#include <string>

namespace docmind::cache::scripts {

// (tag, moment of the last purge that is known of, or "") -> {moment, whether that purge was lost, what is to be
// erased} Begins what is not there; if the purge was lost, everything is purged.
const std::string& begin();
// (key, most bytes) -> {moment, value or nil, tags}
const std::string& get();
// (most bytes of a value, most of all together, key, ...) -> {moment, {value or nil, tags, ...}}: of the first keys, at
// least one
const std::string& get_many();
// (key, value, tags, time to live in ms or "", since or "", most entries) -> {moment, 1: put, 0: a purge came first,
// entries that made room}
const std::string& put();
// (key) -> {moment, whether it was there}
const std::string& erase();
// (tag) -> {moment, how many entries it had}
const std::string& purge();
// (how many) -> whether there is more to be erased
const std::string& sweep();
// () -> {entries, bytes of those that were looked at, how many those were}
const std::string& count();

}  // namespace docmind::cache::scripts
