// Programs as processes of their own: started, listened to, killed.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

extern char** environ;

namespace assay::test {

// A program with its standard output in a pipe.
class Process {
 public:
  explicit Process(std::vector<std::string> arguments) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    if (::posix_spawn(&m_pid, argv[0], &actions, nullptr, argv.data(), environ) != 0) m_pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    m_output = ends[0];
  }
  Process(Process&& other) noexcept
      : m_pid(std::exchange(other.m_pid, -1)), m_output(std::exchange(other.m_output, -1)) {}
  Process& operator=(Process&&) = delete;
  ~Process() {
    if (m_pid > 0) kill_and_wait(SIGKILL);
    if (m_output >= 0) ::close(m_output);
  }
  std::string line() {
    std::string text;
    char c = 0;
    while (::read(m_output, &c, 1) == 1 && c != '\n') text += c;
    return text;
  }
  int wait() {
    int status = -1;
    ::waitpid(m_pid, &status, 0);
    m_pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  void kill(int signal) const { ::kill(m_pid, signal); }
  int kill_and_wait(int signal) {
    kill(signal);
    return wait();
  }

 private:
  pid_t m_pid = -1;
  int m_output = -1;
};

// The first line that a shell command prints; empty if it prints none.
inline std::string first_line_of(const char* command) {
  std::string text;
  FILE* pipe = ::popen(command, "r");
  if (pipe == nullptr) return text;
  char buffer[512];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) text += buffer;
  ::pclose(pipe);
  return text.substr(0, text.find('\n'));
}

}  // namespace assay::test
