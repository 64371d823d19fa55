// The rows of an engine's compare.json: time per element and largest error of the engine's own op and of
// simdact's, in its place.
#ifndef SIMDACT_TESTS_ENGINES_COMMON_COMPARISON_H_
#define SIMDACT_TESTS_ENGINES_COMMON_COMPARISON_H_

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

struct Comparison {
  std::string op, tier;
  size_t n;
  double engine_ns, simdact_ns, engine_max_ulp, simdact_max_ulp;
};

// Nanoseconds of one call of each of two functions. They take turns, so that what else the machine does
// meets both; the best of all turns counts, a turn being some 100 us.
template <class A, class B>
std::pair<double, double> BestTimes(const A& a, const B& b, int turns = 60) {
  using Clock = std::chrono::steady_clock;
  const auto time = [](const auto& f, int calls) {
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i) f();
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / calls;
  };
  const int calls = static_cast<int>(std::max(1.0, 1e5 / std::max(time(a, 1), time(a, 1))));
  std::pair<double, double> best(HUGE_VAL, HUGE_VAL);
  for (int turn = 0; turn < turns; ++turn) {
    best.first = std::min(best.first, time(a, calls));
    best.second = std::min(best.second, time(b, calls));
  }
  return best;
}

// Nanoseconds that this thread has computed for.
inline double ThreadTime() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

// Nanoseconds of each of several ways that take milliseconds, the best of its turns, as many as take about so
// long. They are of this thread: such a way takes longer than a busy machine leaves a program in peace, and
// what others do meanwhile is not its own.
using Way = std::function<void()>;
inline std::vector<double> BestOfWays(const std::vector<Way>& ways, double seconds) {
  std::vector<double> best(ways.size(), HUGE_VAL);
  const double begin = ThreadTime();
  for (int turn = 0; turn < 5 || (ThreadTime() - begin < seconds * 1e9 && turn < 400); ++turn) {
    for (size_t i = 0; i < ways.size(); ++i) {
      const double start = ThreadTime();
      ways[i]();
      if (turn > 0) best[i] = std::min(best[i], ThreadTime() - start);  // the first turn warms up
    }
  }
  return best;
}

// JSON has no infinity, which an engine's error may well be: null.
inline std::string JsonNumber(double value) {
  if (!std::isfinite(value)) return "null";
  char text[40];
  std::snprintf(text, sizeof(text), "%.4g", value);
  return text;
}

inline void WriteComparisons(const std::string& path, const std::string& engine, const std::string& version,
                             const std::vector<Comparison>& rows) {
  std::ofstream file(path);
  file << "{\"engine\": \"" << engine << "\", \"version\": \"" << version
       << "\", \"threads\": 1, \"rows\": [";
  const char* separator = "\n";
  for (const Comparison& row : rows) {
    file << separator << "  {\"op\": \"" << row.op << "\", \"tier\": \"" << row.tier
         << "\", \"direction\": \"forward\", \"dtype\": \"f32\", \"n\": " << row.n
         << ", \"engine_ns\": " << JsonNumber(row.engine_ns)
         << ", \"simdact_ns\": " << JsonNumber(row.simdact_ns)
         << ", \"engine_max_ulp\": " << JsonNumber(row.engine_max_ulp)
         << ", \"simdact_max_ulp\": " << JsonNumber(row.simdact_max_ulp) << "}";
    separator = ",\n";
  }
  file << "\n]}\n";
}

// The same for people, and whether every error of simdact's is within its claim was checked by the caller.
inline void PrintComparisons(const std::vector<Comparison>& rows) {
  std::printf("%-12s %-9s %7s %10s %10s %7s %10s %10s\n", "op", "tier", "n", "engine ns", "simdact ns",
              "ratio", "engine ulp", "ours ulp");
  for (const Comparison& row : rows) {
    std::printf("%-12s %-9s %7zu %10.3f %10.3f %7.2f %10.4g %10.3f\n", row.op.c_str(), row.tier.c_str(),
                row.n, row.engine_ns, row.simdact_ns, row.engine_ns / row.simdact_ns, row.engine_max_ulp,
                row.simdact_max_ulp);
  }
}

#endif  // SIMDACT_TESTS_ENGINES_COMMON_COMPARISON_H_
