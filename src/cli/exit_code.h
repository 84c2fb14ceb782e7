// The exit codes of every command (docs/cli.md).
#pragma once

namespace docmind::cli {

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kSomeFailed = 3;
inline constexpr int kQualityLimit = 4;
inline constexpr int kConfiguration = 78;
inline constexpr int kInterrupted = 130;

}  // namespace docmind::cli
