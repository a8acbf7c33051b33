import Diagnostics
import Engine
import Glibc
import TaskGraph

/// How attempts end, by their own records and by Slurm's word.
extension SlurmQueue {
  /// A record that says the attempt was handed back waits so long for Slurm to say why.
  private static let reasonPatience: Duration = .seconds(60)

  /// Ends what has ended of an element.
  mutating func settle(_ id: ElementID, _ now: Duration, _ effects: inout [SlurmEffect]) {
    guard let element = submissions[id.submission]?.elements[id.index] else {
      watched.remove(id)
      return
    }
    var isAwaiting = element.end != nil
    var unrecorded: [String] = []
    for attempt in element.open.sorted() {
      guard let item = items[attempt] else { continue }
      if item.stoppedAt != nil, element.end == nil {
        // Whatever it says, nothing of it may be left: only the end of its job tells.
        continue
      }
      if let record = item.record {
        let isClear =
          element.end != nil || !record.isHandedBack || now - item.recordedAt > Self.reasonPatience
        if isClear {
          end(attempt, reports(of: item, record, element.end), &effects)
        } else {
          isAwaiting = true
        }
      } else if let end = element.end {
        if item.stoppedAt != nil {
          // Nobody waits for what it would say; the store says what it made.
          self.end(attempt, [.ended(.signalled(SIGTERM), WorkerRemains())], &effects)
        } else if now - element.endedAt >= patience.record, element.lookedAt != nil {
          unrecordedEnd(attempt, item, end, in: id, now, &effects)
        } else {
          unrecorded.append(attempt)
        }
      }
    }
    if !unrecorded.isEmpty, element.lookedAt.map({ now - $0 >= .milliseconds(500) }) ?? true {
      submissions[id.submission]?.elements[id.index].lookedAt = now
      effects.append(.look(unrecorded))
    }
    if !isAwaiting || submissions[id.submission]?.elements[id.index].open.isEmpty != false {
      watched.remove(id)
    }
  }

  private mutating func unrecordedEnd(
    _ attempt: String, _ item: Item, _ end: SlurmEnd, in id: ElementID, _ now: Duration,
    _ effects: inout [SlurmEffect]
  ) {
    if pilot == id.submission { pilot = nil }
    // Whatever befell the job, what it had not begun is not to blame; a pilot may have gone while it was given more.
    if !item.hasBegun, item.returns < 3 {
      items[attempt]?.returns += 1
      return wait(attempt, now, &effects)
    }
    if !item.hasBegun, case .failed(let status) = end {
      return neverBegan(attempt, item, status, in: id, &effects)
    }
    self.end(attempt, reports(of: item, nil, end), &effects)
  }

  /// One job after the other ended before it did anything: modules, container, launcher or paths are wrong there. As long as
  /// no job ever came further, no other will.
  private mutating func neverBegan(
    _ attempt: String, _ item: Item, _ status: Int32?, in id: ElementID, _ effects: inout [SlurmEffect]
  ) {
    let place = submissions[id.submission]?.elements[id.index].node.map { " on \($0)" } ?? ""
    let reason = item.words.map { ", and its last words are “\($0)”" } ?? ", and it left no words"
    let message = "a job\(place) ended before it began its work: it \(Self.words(status))\(reason)"
    let log = ".interlock/runs/\(id.submission.run)/slurm/\(id.submission.number)/\(id.index).log"
    let remedy =
      "Check `modules`, `container` and `launcher` under `farm:`, and that nodes see the production and interlock by "
      + "the same paths. The job's log is \(log)."
    if !hasSeenWork, let life = item.lives.first {
      let refusal = Diagnostic(
        family: .failed, code: "slurm.neverBegan", message: message, remedy: remedy)
      effects.append(.report(life: life, .refused(refusal)))
    }
    end(
      attempt, failed(item.order, 1, .application, "slurm.neverBegan", message, remedy: remedy), &effects)
  }

  /// A wait status in words.
  private static func words(_ status: Int32?) -> String {
    guard let status else { return "failed" }
    let signal = status & 0x7F
    return signal != 0 ? "was ended by signal \(signal)" : "exited with \(status >> 8 & 0xFF)"
  }

  /// What the run hears of an attempt that is over.
  private mutating func reports(of item: Item, _ record: ExitRecord?, _ end: SlurmEnd?) -> [WorkerReport] {
    let order = item.order
    if record?.exit == 33 || (end == .outOfMemory && record?.exit != 0) {
      memoryRaises[order.key, default: 0] += 1
    }
    // A job that is warned of its limit hands its work back in time.
    let isTimeout = end == .timeout || (end == .completed && record?.isHandedBack == true)
    if isTimeout, record?.exit != 0 { timeDoublings[order.key, default: 0] += 1 }
    if let record, !record.isHandedBack || item.stoppedAt != nil {
      if let event = record.event { return [.said(event), .ended(.exited(0), WorkerRemains())] }
      return [.ended(record.loss?.end ?? .exited(Int32(clamping: record.exit)), WorkerRemains())]
    }
    if item.stoppedAt != nil { return [.ended(.signalled(SIGTERM), WorkerRemains())] }
    switch isTimeout ? .timeout : end {
    case .infrastructure(let reason):
      return failed(order, 75, .infrastructure, "slurm.infrastructure", "the job was lost: \(reason)")
    case .vanished:
      return failed(
        order, 75, .infrastructure, "slurm.vanished",
        "Slurm does not know the job any more, and it left no record",
        remedy: "It is tried again. Raise MinJobAge in slurm.conf if this happens often.")
    case .outOfMemory:
      return failed(
        order, 33, .application, "worker.outOfMemory",
        "Slurm ended the job because it used more memory than it asked for",
        remedy: "The next attempt asks for twice as much.")
    case .timeout:
      return failed(
        order, 1, .cancelled, "slurm.timeout", "the job ran into its time limit",
        remedy: "The next attempt may take twice as long; finished segments are kept.")
    case .cancelled, nil: return [.ended(.signalled(SIGTERM), WorkerRemains())]
    case .completed: return [.ended(.exited(0), WorkerRemains())]
    case .failed(let status):
      guard let status else { return [.ended(.exited(1), WorkerRemains())] }
      let signal = status & 0x7F
      return [.ended(signal != 0 ? .signalled(signal) : .exited(status >> 8 & 0xFF), WorkerRemains())]
    }
  }

  private func failed(
    _ order: SlurmOrder, _ exit: Int, _ failure: WorkerEvent.FailureClass, _ code: String, _ message: String,
    remedy: String? = nil
  ) -> [WorkerReport] {
    var event = WorkerEvent(
      .failed, attempt: order.attempt, key: order.key, exit: exit, failure: failure,
      diagnostics: [
        Diagnostic(
          family: exit == 75 ? .transient : .failed, code: code, message: message, remedy: remedy)
      ])
    event.usage = WorkerEvent.Usage(seconds: 0)
    return [.said(event), .ended(.exited(0), WorkerRemains())]
  }

  // MARK: Cancelling

  /// Asks for the end of jobs in which nobody wants anything any more, again when they do not go.
  mutating func cancelUnwanted(_ now: Duration, _ effects: inout [SlurmEffect]) {
    guard !stopped.isEmpty else { return }
    var elements: Set<ElementID> = []
    for attempt in stopped.sorted() {
      guard let item = items[attempt], let element = item.element else {
        stopped.remove(attempt)
        continue
      }
      elements.insert(element)
      if let stoppedAt = item.stoppedAt, now - stoppedAt > patience.ending {
        giveUp(attempt, element, &effects)
      }
    }
    var ids: [SlurmJobID] = []
    for element in elements.sorted() {
      guard let submission = submissions[element.submission], case .accepted(let job, _) = submission.state,
        submission.elements[element.index].end == nil,
        submission.elements[element.index].open.allSatisfy({ items[$0]?.stoppedAt != nil })
      else { continue }
      let known = submission.elements[element.index]
      let isUrgent = known.open.contains { items[$0]?.isUrgent == true }
      let isDue =
        known.cancelledAt.map { now - $0 > .seconds(15) || (isUrgent && known.cancels == 1) } ?? true
      guard isDue else { continue }
      submissions[element.submission]?.elements[element.index].cancelledAt = now
      submissions[element.submission]?.elements[element.index].cancels += 1
      ids.append(SlurmJobID(job, element: submission.order.isArray ? element.index : nil))
    }
    guard !ids.isEmpty else { return }
    pollPause = patience.shortestPoll
    nextList = min(nextList, now + pollPause)
    calls.cancels += 1
    effects.append(.cancel(shortened(ids)))
  }

  /// Whole arrays by one name.
  private func shortened(_ ids: [SlurmJobID]) -> [SlurmJobID] {
    var short: [SlurmJobID] = []
    for (job, elements) in Dictionary(grouping: ids, by: \.job).sorted(by: { $0.key < $1.key }) {
      let isWhole = submissions.values.contains { submission in
        guard case .accepted(job, _) = submission.state else { return false }
        return submission.elements.count == elements.count
      }
      short += isWhole ? [SlurmJobID(job)] : elements
    }
    return short
  }

  /// The job does not end, or Slurm does not say so: the run ends, and says what it leaves behind.
  private mutating func giveUp(_ attempt: String, _ element: ElementID, _ effects: inout [SlurmEffect]) {
    guard let submission = submissions[element.submission] else { return }
    var remains = WorkerRemains()
    if case .accepted(let job, _) = submission.state {
      let known = submission.elements[element.index]
      let id = SlurmJobID(job, element: submission.order.isArray ? element.index : nil)
      remains.elsewhere = ["job \(id)" + (known.node.map { " on \($0)" } ?? "")]
    }
    end(attempt, [.ended(.signalled(SIGTERM), remains)], &effects)
  }
}

extension ExitRecord.Loss {
  /// In the words of the pool.
  var end: WorkerEnd {
    if let signal { return .signalled(signal) }
    if let reason { return .notStarted(reason) }
    return .exited(code ?? 1)
  }
}
