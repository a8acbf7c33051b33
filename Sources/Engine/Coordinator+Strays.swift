import Glibc
import ObjectStore

extension Coordinator {
  /// Ends what still runs of workers whose coordinator is dead: programs that a worker had started when both were killed.
  ///
  /// Called when nobody works on an attempt any more. Processes are known by their mark, which names the run, and a run
  /// belongs to the production that has its folder. Looked for only after a run that has no end on record.
  func endStrays() throws {
    guard let last = try RunFolder.all(in: production).first, last.ending == nil else { return }
    var ended: [ProcessFacts] = []
    let deadline = clock.now + .seconds(5)
    repeat {
      let strays = ProcessFamily.marked(ProcessFamily.Mark.worker).filter { isStray($0.value) }.map(\.process)
      if strays.isEmpty { break }
      for process in strays where !ended.contains(process) { ended.append(process) }
      for process in strays { process.send(SIGKILL) }
      usleep(10_000)
    } while clock.now < deadline
    for process in ended {
      var event = RunEvent(.contained, at: clock.timeOfDay)
      let fate = process.isAlive ? "which does not end" : "ended by us"
      event.message = "an earlier run left a process behind: \(process), \(fate)"
      observer.observe(event)
    }
  }

  private func isStray(_ mark: String) -> Bool {
    guard let run = mark.split(separator: ".").first, ULID(run) != nil else { return false }
    let folder = RunFolder(String(run), in: production)
    return folder.presence?.isAlive == false
  }
}
