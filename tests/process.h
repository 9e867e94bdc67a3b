// A run of the built program, with its streams and its exit code.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/scratch_folder.h"

namespace taugrid {

struct Outcome {
  int code;  // -1: ended by a signal
  std::string out;
  std::string err;
};

class Process {
 public:
  // Starts it, with `input` as standard input. With `stdout_closed` its standard output is a pipe
  // that nobody reads. `most_memory` bounds what it may allocate, in bytes; 0 does not.
  explicit Process(const std::vector<std::string>& arguments, const std::string& input = "",
                   bool stdout_closed = false, rlim_t most_memory = 0) {
    constexpr unsigned kMostSeconds = 120;  // what hangs ends by a signal, and its test fails
    std::vector<std::string> words = {TAUGRID_CLI};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string in = streams_.write("in", input);
    const std::string out = streams_.file("out"), err = streams_.file("err");
    int pipe_ends[2] = {-1, -1};
    if (stdout_closed && ::pipe(pipe_ends) != 0) throw std::runtime_error("no pipe");
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(::open(in.c_str(), O_RDONLY), 0);
      ::dup2(stdout_closed ? pipe_ends[1] : ::open(out.c_str(), O_WRONLY | O_CREAT, 0600), 1);
      ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT, 0600), 2);
      if (stdout_closed) ::close(pipe_ends[0]), ::close(pipe_ends[1]);
      // Whoever runs the tests in the background may have set these to be ignored.
      for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::signal(number, SIG_DFL);
      const rlimit memory{most_memory, most_memory};
      if (most_memory > 0) ::setrlimit(RLIMIT_DATA, &memory);
      ::alarm(kMostSeconds);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    if (stdout_closed) ::close(pipe_ends[0]), ::close(pipe_ends[1]);
  }
  ~Process() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Whether it has set a handler for this signal.
  bool catches(int number) const {
    std::ifstream status("/proc/" + std::to_string(process_) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("SigCgt:"))
        return (std::stoull(line.substr(7), nullptr, 16) >> (number - 1) & 1) != 0;
    return false;
  }

  void signal(int number) const { ::kill(process_, number); }

  Outcome wait() {
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, streams_.read("out"),
            streams_.read("err")};
  }

 private:
  ScratchFolder streams_;
  pid_t process_ = -1;
};

}  // namespace taugrid
