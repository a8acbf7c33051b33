import Engine
import TaskGraph

/// How attempts become jobs.
extension SlurmQueue {
  /// So many attempts are in one job at most, whatever they are taken to last.
  private static let mostPerJob = 200

  /// Makes submissions of what waits: one array for each shape, small tasks together.
  mutating func prepare(_ now: Duration, _ effects: inout [SlurmEffect]) {
    var groups: [JobShape: [SlurmOrder]] = [:]
    var shapes: [JobShape] = []
    var short: [SlurmOrder] = []
    for attempt in waiting {
      guard let order = items[attempt]?.order else { continue }
      if goesToPilot(order) {
        short.append(order)
        continue
      }
      let shape = shape(of: order)
      if groups[shape] == nil { shapes.append(shape) }
      groups[shape, default: []].append(order)
    }
    waiting = []
    for shape in shapes {
      let chunks = chunks(of: groups[shape] ?? [])
      for start in stride(from: 0, to: chunks.count, by: longestArray) {
        let part = Array(chunks[start..<min(start + longestArray, chunks.count)])
        prepared.append(
          SlurmSubmission(
            id: nextSubmissionID(), shape: shape, elements: part, longestSeconds: longestSeconds(of: part)))
      }
    }
    feed(short, &effects)
  }

  /// How long tasks of one kind take.
  struct Pace: Sendable {
    var seconds = 0.0
    var frames = 0
    var tasks = 0
  }

  /// Learns from an attempt that made its task from nothing.
  mutating func notePace(_ record: ExitRecord) {
    guard record.exit == 0, let seconds = record.seconds, let order = items[record.attempt]?.order else {
      return
    }
    paces[order.kind, default: Pace()].seconds += seconds
    paces[order.kind]?.frames += order.frames
    paces[order.kind]?.tasks += 1
  }

  /// In seconds: by this run, else by the record of earlier ones.
  private func estimate(of order: SlurmOrder) -> Double? {
    guard let pace = paces[order.kind], pace.tasks > 0 else { return order.estimate }
    if order.frames > 0, pace.frames > 0 { return pace.seconds / Double(pace.frames) * Double(order.frames) }
    return pace.seconds / Double(pace.tasks)
  }

  private func shape(of order: SlurmOrder) -> JobShape {
    JobShape(
      cores: max(1, order.needs.cores), memory: memory(of: order), licences: licences(of: order),
      timeout: order.needs.timeout, timeDoublings: timeDoublings[order.key] ?? 0)
  }

  /// By Slurm's names. What it does not count, such as a pool of ours, is counted by the run alone.
  private func licences(of order: SlurmOrder) -> [String: Int] {
    var licences: [String: Int] = [:]
    for (name, count) in order.needs.tokens {
      guard let theirs = profile.licences[name] ?? (knownLicences.contains(name) ? name : nil) else {
        continue
      }
      licences[theirs, default: 0] += count
    }
    return licences
  }

  /// In MiB. The estimate is about pictures, and there is more to a process; after a death for lack of memory the double.
  private func memory(of order: SlurmOrder) -> Int {
    let estimate = order.needs.memoryBytes.map { Int(clamping: $0 >> 20) * 3 / 2 + 512 } ?? 1536
    let raised = max(1536, estimate) << min(memoryRaises[order.key] ?? 0, 6)
    return (raised + 255) / 256 * 256
  }

  /// Lists of attempts that last about as long as the target, of equal length; what nobody can estimate is alone.
  private func chunks(of orders: [SlurmOrder]) -> [[SlurmOrder]] {
    let known = orders.compactMap { estimate(of: $0) }.reduce(0, +)
    let count = max(1, (known / max(1, profile.target)).rounded(.up))
    let length = known / count
    var chunks: [[SlurmOrder]] = []
    var open: [SlurmOrder] = []
    var seconds = 0.0
    for order in orders {
      guard let estimate = estimate(of: order) else {
        chunks.append([order])
        continue
      }
      open.append(order)
      seconds += estimate
      if seconds >= length * 0.999 || open.count >= Self.mostPerJob {
        chunks.append(open)
        (open, seconds) = ([], 0)
      }
    }
    if !open.isEmpty { chunks.append(open) }
    return chunks
  }

  /// Four times the record, as machines and material differ; the limit of a task where it has one.
  private func longestSeconds(of elements: [[SlurmOrder]]) -> Double? {
    var longest = 0.0
    for orders in elements {
      var seconds = 0.0
      for order in orders {
        guard let most = order.needs.timeout.map(Double.init) ?? estimate(of: order).map({ $0 * 4 }) else {
          return nil
        }
        seconds += most
      }
      longest = max(longest, seconds)
    }
    return longest
  }

  // MARK: Pilot

  /// Licences are Slurm's to count, one job at a time.
  private func goesToPilot(_ order: SlurmOrder) -> Bool {
    pilotCores.map { order.needs.cores <= $0 && order.needs.tokens.isEmpty } ?? false
  }

  /// Whether what waits can go to a pilot at once.
  var feedsPilot: Bool {
    guard let pilot, let submission = submissions[pilot] else { return false }
    return submission.elements[0].end == nil
      && waiting.allSatisfy { items[$0].map { goesToPilot($0.order) } ?? true }
  }

  private mutating func feed(_ orders: [SlurmOrder], _ effects: inout [SlurmEffect]) {
    guard !orders.isEmpty, let cores = pilotCores else { return }
    guard let pilot, submissions[pilot]?.elements[0].end == nil else {
      prepared.append(
        SlurmSubmission(
          id: nextSubmissionID(), shape: JobShape(cores: cores), elements: [orders], isPilot: true))
      return
    }
    for order in orders {
      items[order.attempt]?.element = ElementID(submission: pilot, index: 0)
      submissions[pilot]?.elements[0].open.insert(order.attempt)
      submissions[pilot]?.openCount += 1
      submissions[pilot]?.order.elements[0].append(order)
      for life in items[order.attempt]?.lives ?? [] {
        effects.append(.report(life: life, .said(WorkerEvent(.ready))))
      }
    }
    effects.append(.feed(pilot, orders))
  }

  /// Lets the pilot go when nothing more will come.
  mutating func releasePilot(_ effects: inout [SlurmEffect]) {
    guard isClosing, attemptOfLife.isEmpty, let pilot, submissions[pilot]?.isReleased == false else { return }
    submissions[pilot]?.isReleased = true
    effects.append(.release(pilot))
  }
}
