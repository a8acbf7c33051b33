import FoundationEssentials
import Glibc
import TaskGraph

/// A worker for tests: speaks the protocol, publishes real result files, and misbehaves as the input of each
/// task says.
///
/// Input: `segments` (names of results made one after the other, those that exist are skipped), `seconds` for each,
/// and at most one misbehaviour, `times` times or always.
struct FakeTask: Codable, Sendable {
  var segments: [TaskKey] = []
  /// For each segment, or for the task as a whole when it has none.
  var seconds = 0.0
  var frames = 0
  /// killed, exits, hangs, lies, fails, stale, babbles, stubborn (ignores SIGTERM), orphans (leaves a child), daemon (leaves
  /// one that got away), daemon below (one that did not get past the worker), leaks, leaks in a child, floods (log), chatters (output), endless (a line), stalls (lives only); of several in an attempt also forgets (says nothing of
  /// it), slow (those after it are handed back)
  var misbehaviour: String?
  var times: Int?
  var failure: String?
  var exit: Int?
  /// After its first segment the task goes on when this file is gone.
  var hold: String?
  /// Its second segment is under way for as long as this file exists.
  var inside: String?

  var payload: [UInt8] { (try? JSONEncoder().encode(self)).map(Array.init) ?? [] }
}

let fakeWorkerProgram = #"""
  import ctypes, fcntl, hashlib, json, os, select, signal, subprocess, sys, time

  class Stop(BaseException):
      pass

  def stop(number, frame):
      raise Stop()

  def say(event, **fields):
      fields["event"] = event
      try:
          os.write(1, (json.dumps(fields) + "\n").encode())
      except BrokenPipeError:
          pass  # The coordinator is gone; the current segment is finished all the same.

  def lifeline_is_cut():
      return bool(select.select([0], [], [], 0)[0]) and not os.read(0, 1)

  def note(root, text):
      with open(os.path.join(root, "made.txt"), "a") as file:
          file.write(text + "\n")

  def result_path(root, key):
      return os.path.join(root, ".interlock", "results", key[:2], key + ".json")

  def publish(root, folder, key, kind, attempt, output):
      body = json.dumps(
          {"schema": 1, "key": key, "kind": kind, "version": 1, "output": output, "objects": [],
           "attempt": attempt, "tool": "fake", "made": "2026-01-01T00:00:00Z"},
          sort_keys=True, separators=(",", ":"))
      part = os.path.join(folder, key + ".part")
      with open(part, "w") as file:
          file.write('{"sha256":"%s","body":%s}\n' % (hashlib.sha256(body.encode()).hexdigest(), body))
      final = result_path(root, key)
      os.makedirs(os.path.dirname(final), exist_ok=True)
      try:
          os.link(part, final)
          note(root, key)
          return True
      except FileExistsError:
          return False
      finally:
          os.unlink(part)

  def misbehaves(root, task, wanted):
      input = task["input"]
      if input.get("misbehaviour") != wanted:
          return False
      times = input.get("times")
      if times is None:
          return True
      counter = os.path.join(root, "times-" + task["key"])
      with open(counter, "a") as file:
          file.write("x")
      return os.path.getsize(counter) <= times

  def leak():
      kept = []
      while True:
          kept.append(b"x" * (4 << 20))
          time.sleep(0.01)

  def daemon(root):
      path = os.path.join(root, "daemon.txt")
      if os.fork() == 0:
          os.setsid()
          if os.fork():
              os._exit(0)
          os.closerange(0, 256)
          with open(path + ".new", "w") as file:
              file.write(str(os.getpid()))
          os.rename(path + ".new", path)
          os.execvp("sleep", ["sleep", "1000"])
      while not os.path.exists(path):
          time.sleep(0.01)
      with open(path) as file:
          pid = file.read()
      while open("/proc/" + pid + "/comm").read() != "sleep\n":
          time.sleep(0.01)

  def batch(path, folder, root):
      """Several small tasks: published eight at a time, told one by one."""
      waiting = []
      def publish_all():
          ends = []
          for task in waiting:
              isFirst = misbehaves(root, task, "lies") or publish(
                  root, folder, task["key"], task["kind"], task["attempt"], {"name": task["label"]})
              ends.append({"key": task["key"], "isFirst": isFirst, "usage": {"seconds": 0.001, "cpuSeconds": 0.001}})
          attempt = waiting[0]["attempt"] if waiting else ""
          waiting.clear()
          if ends:
              say("finished", attempt=attempt, ends=ends)
      with open(path) as file:
          tasks = [json.loads(line) for line in file]
      for task in tasks:
          input, attempt = task["input"], task["attempt"]
          say("began", attempt=attempt, key=task["key"])
          part = os.path.join(folder, "unfinished.part")
          try:
              open(part, "w").close()
              if input.get("misbehaviour") == "fails":
                  publish_all()
              if misbehave(root, task):
                  os.unlink(part)
                  if input["failure"] in ("infrastructure", "licence"):
                      return True
                  continue
              time.sleep(input["seconds"])
              if input.get("hold"):
                  note(root, "holds")
              while input.get("hold") and os.path.exists(input["hold"]):
                  time.sleep(0.02)
              if misbehaves(root, task, "killed"):
                  os.kill(os.getpid(), signal.SIGKILL)
              if misbehaves(root, task, "exits"):
                  os._exit(11)
          except Stop:
              os.unlink(part)
              publish_all()
              say("failed", attempt=attempt, key=task["key"], failure="cancelled", exit=143)
              sys.exit(143)
          os.unlink(part)
          if misbehaves(root, task, "forgets"):
              continue
          waiting.append(task)
          if len(waiting) == 8 or misbehaves(root, task, "slow"):
              publish_all()
          if misbehaves(root, task, "slow"):
              return True
          if lifeline_is_cut():
              publish_all()
              return False
      publish_all()
      return True

  def misbehave(root, task):
      input, attempt = task["input"], task["attempt"]
      if misbehaves(root, task, "stubborn"):
          signal.signal(signal.SIGTERM, signal.SIG_IGN)
      if misbehaves(root, task, "orphans"):
          child = subprocess.Popen(["sleep", "1000"])
          with open(os.path.join(root, "orphan.txt"), "w") as file:
              file.write(str(child.pid))
      if misbehaves(root, task, "daemon"):
          daemon(root)
      if misbehaves(root, task, "daemon below"):
          ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
          daemon(root)
      if misbehaves(root, task, "daemon and dies"):
          daemon(root)
          os.kill(os.getpid(), signal.SIGKILL)
      if misbehaves(root, task, "leaks"):
          leak()
      if misbehaves(root, task, "leaks in a child"):
          if os.fork() == 0:
              leak()
          time.sleep(1000)
      if misbehaves(root, task, "floods"):
          for number in range(64):
              os.write(2, b"a warning of a library\n" * 50000)
      if misbehaves(root, task, "chatters"):
          for number in range(8):
              os.write(1, b"a line of a library\n" * 50000)
      if misbehaves(root, task, "endless"):
          for number in range(16):
              os.write(1, b"x" * (1 << 20))
          os.write(1, b"\n")
      if misbehaves(root, task, "stalls"):
          while True:
              say("alive")
              time.sleep(0.05)
      if misbehaves(root, task, "stale"):
          say("finished", attempt="01AAAAAAAAAAAAAAAAAAAAAAAA", key=task["key"])
      if misbehaves(root, task, "babbles"):
          print("Hello from a library", flush=True)
      if misbehaves(root, task, "hangs"):
          time.sleep(1000)
      if misbehaves(root, task, "fails"):
          say("failed", attempt=attempt, key=task["key"], exit=input["exit"], failure=input["failure"],
              diagnostics=[{"severity": "error", "family": 3, "code": "media.unreadable",
                            "message": "the file ends early"}])
          return True
      return False

  def work(path):
      folder = os.path.dirname(path)
      root = os.path.dirname(os.path.dirname(os.path.dirname(folder)))
      lock = open(os.path.join(folder, "lock"), "w")
      fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
      if path.endswith("tasks.jsonl"):
          return batch(path, folder, root)
      with open(path) as file:
          task = json.load(file)
      input, attempt = task["input"], task["attempt"]
      segments, began = input["segments"], time.monotonic()
      if misbehave(root, task):
          return True
      for number, key in enumerate(segments):
          if not os.path.exists(result_path(root, key)):
              part = os.path.join(folder, "unfinished.part")
              open(part, "w").close()
              time.sleep(input["seconds"])
              while number == 1 and input.get("inside") and os.path.exists(input["inside"]):
                  time.sleep(0.02)
              os.unlink(part)
              isFirst = publish(root, folder, key, "test.segment", attempt, {"name": key})
              say("committed", attempt=attempt, key=key, isFirst=isFirst)
              if misbehaves(root, task, "killed"):
                  os.kill(os.getpid(), signal.SIGKILL)
              if misbehaves(root, task, "exits"):
                  os._exit(11)
          while input.get("hold") and os.path.exists(input["hold"]):
              time.sleep(0.02)
          say("progress", attempt=attempt, frames=input["frames"] * (number + 1) // len(segments),
              total=input["frames"])
          if lifeline_is_cut():
              return False
      if not segments:
          time.sleep(input["seconds"])
          if misbehaves(root, task, "killed"):
              os.kill(os.getpid(), signal.SIGKILL)
          if misbehaves(root, task, "exits"):
              os._exit(11)
      if not misbehaves(root, task, "lies"):
          isFirst = publish(root, folder, task["key"], task["kind"], attempt, {"name": task["label"]})
          say("committed", attempt=attempt, key=task["key"], isFirst=isFirst)
      usage = {"seconds": time.monotonic() - began, "cpuSeconds": 0.001}
      say("finished", attempt=attempt, key=task["key"], usage=usage)
      return True

  def main():
      signal.signal(signal.SIGTERM, stop)
      if "INTERLOCK_TEST_FACTS" in os.environ:
          with open(os.environ["INTERLOCK_TEST_FACTS"], "a") as file:
              descriptors = [name for name in os.listdir("/proc/self/fd")
                             if os.path.exists("/proc/self/fd/" + name) and int(name) != file.fileno()]
              file.write(json.dumps({"descriptors": sorted(map(int, descriptors)), "group": os.getpgrp(),
                                     "process": os.getpid(), "environment": dict(os.environ)}) + "\n")
      print("worker starts", file=sys.stderr)
      say("ready")
      path = b""
      while True:
          byte = os.read(0, 1)
          if not byte:
              return 0
          path += byte
          if byte != b"\n":
              continue
          name, path = path.decode().strip(), b""
          try:
              if not work(name):
                  return 0
          except Stop:
              with open(name) as file:
                  attempt = json.load(file)["attempt"]
              say("failed", attempt=attempt, failure="cancelled", exit=143)
              return 143
          say("ready")

  try:
      sys.exit(main())
  except Stop:
      sys.exit(143)
  """#
