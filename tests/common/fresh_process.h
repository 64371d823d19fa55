// Processes that have not called the library yet. What it reads from the environment it reads once per
// process, and a fork of this one would inherit what any earlier test made it read.
#ifndef SIMDACT_TESTS_COMMON_FRESH_PROCESS_H_
#define SIMDACT_TESTS_COMMON_FRESH_PROCESS_H_

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace simdact_test {

// A process that is forked before the first test, answers questions by forking again, and ends with this one.
class FreshProcesses : public testing::Environment {
 public:
  // A call, by value: whoever answers was forked before the arguments existed.
  struct Question {
    char variable[32], value[64];
    int (*call)(void (*function)(), const void* argument);
    void (*function)();
    alignas(std::max_align_t) unsigned char argument[128];
  };

  // Before the first test. --gtest_repeat comes here again, and finds the child as it was.
  void SetUp() override {
    if (started_) return;
    started_ = true;
    int questions[2], answers[2];
    ASSERT_EQ(pipe(questions), 0);
    ASSERT_EQ(pipe(answers), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(questions[1]);
      close(answers[0]);
      Serve(questions[0], answers[1]);
      _exit(0);
    }
    close(questions[0]);
    close(answers[1]);
    questions_ = questions[1];
    answers_ = answers[0];
  }

  // What the call returned, 0 to 255; -1 if it crashed.
  int Ask(const Question& question) const {
    int answer = -1;
    if (write(questions_, &question, sizeof(question)) != sizeof(question)) return -1;
    return read(answers_, &answer, sizeof(answer)) == sizeof(answer) ? answer : -1;
  }

 private:
  // Until the writer has closed its end.
  static void Serve(int questions, int answers) {
    Question question;
    while (read(questions, &question, sizeof(question)) == sizeof(question)) {
      const pid_t child = fork();
      if (child == 0) {
        setenv(question.variable, question.value, 1);
        _exit(question.call(question.function, question.argument));
      }
      int status = 0;
      waitpid(child, &status, 0);
      const int answer = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      if (write(answers, &answer, sizeof(answer)) != sizeof(answer)) return;
    }
  }

  bool started_ = false;
  int questions_ = -1, answers_ = -1;
};

inline FreshProcesses* const g_fresh_processes = [] {
  auto* processes = new FreshProcesses;
  testing::AddGlobalTestEnvironment(processes);  // which owns it
  return processes;
}();

// Runs f(argument) in a fresh process under variable=value and returns what f returned, or -1 if it crashed.
// A lambda must capture nothing, and a pointer in the argument may only lead to what does not change as tests
// run.
template <class T>
int InFreshProcess(const char* variable, const char* value, const T& argument,
                   std::common_type_t<int (*)(const T&)> f) {
  FreshProcesses::Question question = {};
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(question.argument));
  if (std::strlen(variable) >= sizeof(question.variable) || std::strlen(value) >= sizeof(question.value)) {
    std::abort();
  }
  std::strcpy(question.variable, variable);
  std::strcpy(question.value, value);
  question.call = [](void (*function)(), const void* bytes) {
    return reinterpret_cast<int (*)(const T&)>(function)(*static_cast<const T*>(bytes));
  };
  question.function = reinterpret_cast<void (*)()>(f);
  std::memcpy(question.argument, &argument, sizeof(T));
  return g_fresh_processes->Ask(question);
}

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_COMMON_FRESH_PROCESS_H_
