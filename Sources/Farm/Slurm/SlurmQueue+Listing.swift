import Engine
import TaskGraph

/// What Slurm's lists say of jobs, and what their silence says.
extension SlurmQueue {
  mutating func listDue(_ now: Duration, _ effects: inout [SlurmEffect]) {
    guard !isListing, now >= nextList else { return }
    let known = submissions.values.filter { $0.state != .submitting && $0.openCount > 0 }
    guard !known.isEmpty else { return }
    isListing = true
    calls.lists += 1
    effects.append(.list(runs: Set(known.map(\.order.id.run)).sorted()))
  }

  mutating func listed(
    _ rows: [SlurmRow]?, _ asked: Duration, _ now: Duration, _ effects: inout [SlurmEffect]
  ) {
    isListing = false
    guard let rows else {
      listFailures += 1
      if silentSince == nil { silentSince = now }
      nextList = now + min(.seconds(60), .seconds(1 << min(listFailures, 6)))
      return
    }
    listFailures = 0
    heard()
    var seen: [ElementID: SlurmRow] = [:]
    var rests: [SubmissionID: SlurmRow] = [:]
    for row in rows {
      guard let id = submissionOfJob[row.id.job] ?? SubmissionID(comment: row.comment),
        let submission = submissions[id]
      else { continue }
      guard row.id.element != nil || !submission.order.isArray else {
        rests[id] = row
        continue
      }
      let element = ElementID(submission: id, index: row.id.element ?? 0)
      guard submission.elements.indices.contains(element.index) else { continue }
      // Of two rows for one job the one counts in which it lives.
      if let other = seen[element], row.state.isOver || !other.state.isOver { continue }
      seen[element] = row
    }
    // What had not begun when its array was cancelled is one job without an index.
    for (id, row) in rests {
      for (index, known) in (submissions[id]?.elements ?? []).enumerated() {
        let element = ElementID(submission: id, index: index)
        if seen[element] == nil, known.end == nil, known.state?.isQueued ?? true { seen[element] = row }
      }
    }
    var isNews = false
    for (element, row) in seen.sorted(by: { $0.key < $1.key }) {
      isNews = note(row, of: element, now, &effects) || isNews
    }
    for id in submissions.keys.sorted() { missing(id, seen, asked, now, &effects) }
    pollPause =
      isNews ? max(patience.shortestPoll, pollPause / 2) : min(patience.longestPoll, pollPause * 3 / 2)
    // A cluster that takes its time to answer is asked less often.
    nextList = now + max(pollPause, (now - asked) * 10)
  }

  mutating func note(
    _ row: SlurmRow, of element: ElementID, _ now: Duration, _ effects: inout [SlurmEffect]
  ) -> Bool {
    let id = element.submission
    switch submissions[id]?.state {
    case .submitting, nil: return false
    case .unknown, .withdrawn: accept(id, row.id.job, now, &effects)
    case .accepted: break
    }
    guard let known = submissions[id]?.elements[element.index] else { return false }
    let wasRunning = known.state == .running
    submissions[id]?.elements[element.index].state = row.state
    submissions[id]?.elements[element.index].node = row.node
    submissions[id]?.elements[element.index].absences = 0
    submissions[id]?.elements[element.index].absentSince = nil
    if case .over(let end) = row.state {
      watched.insert(element)
      if known.end == nil { submissions[id]?.elements[element.index].endedAt = now }
      submissions[id]?.elements[element.index].end = end
    } else {
      // Somebody may have put it back into the queue.
      submissions[id]?.elements[element.index].end = nil
    }
    if row.state == .running, !wasRunning {
      let place = "job \(row.id)" + (row.node.map { " on \($0)" } ?? "")
      for attempt in known.open.sorted() {
        for life in items[attempt]?.lives ?? [] { effects.append(.report(life: life, .placed(place))) }
      }
    }
    settle(element, now, &effects)
    return known.state != row.state
  }

  /// What an answer that does not name them says of jobs.
  mutating func missing(
    _ id: SubmissionID, _ seen: [ElementID: SlurmRow], _ asked: Duration, _ now: Duration,
    _ effects: inout [SlurmEffect]
  ) {
    guard let submission = submissions[id] else { return }
    switch submission.state {
    case .submitting: return
    case .unknown(let since, let sightings):
      guard asked >= since else { return }
      if sightings + 1 >= patience.sightings, now - since >= patience.submission {
        effects.append(.withdraw(id))
        submissions[id]?.state = .withdrawn(since: now, isLooked: false)
      } else {
        submissions[id]?.state = .unknown(since: since, sightings: sightings + 1)
      }
    case .withdrawn(let since, let isLooked):
      // A job looks whether it is withdrawn before it begins anything; one look after that is the truth.
      guard now - since >= .seconds(1) else { return }
      let open = submission.elements.flatMap { $0.open.sorted() }
      guard isLooked else {
        submissions[id]?.state = .withdrawn(since: since, isLooked: true)
        return effects.append(.look(open))
      }
      for order in submission.order.elements.joined() where items[order.attempt]?.element?.submission == id {
        if items[order.attempt]?.hasBegun == false { wait(order.attempt, now, &effects) }
      }
      guard now - since >= patience.absence * 15 else { return }
      for index in submission.elements.indices where submissions[id]?.elements[index].open.isEmpty == false {
        submissions[id]?.elements[index].end = .vanished
        submissions[id]?.elements[index].endedAt = now
        watched.insert(ElementID(submission: id, index: index))
      }
    case .accepted(let job, let at):
      guard asked >= at else { return }
      for index in submission.elements.indices {
        let element = ElementID(submission: id, index: index)
        guard seen[element] == nil, !submission.elements[index].open.isEmpty,
          submission.elements[index].end == nil
        else { continue }
        let since = submission.elements[index].absentSince ?? now
        submissions[id]?.elements[index].absentSince = since
        submissions[id]?.elements[index].absences += 1
        // Most have ended and say so themselves.
        if submission.elements[index].absences == 0 {
          effects.append(.look(submission.elements[index].open.sorted()))
        }
        guard submission.elements[index].absences + 1 >= patience.sightings, now - since >= patience.absence,
          !submission.elements[index].isBeingConfirmed
        else { continue }
        submissions[id]?.elements[index].isBeingConfirmed = true
        calls.confirmations += 1
        effects.append(.confirm(element, SlurmJobID(job, element: submission.order.isArray ? index : nil)))
      }
    }
  }

  mutating func confirmed(
    _ element: ElementID, _ state: SlurmState?, _ now: Duration, _ effects: inout [SlurmEffect]
  ) {
    guard submissions[element.submission]?.elements.indices.contains(element.index) == true else { return }
    submissions[element.submission]?.elements[element.index].isBeingConfirmed = false
    guard let state else { return }
    submissions[element.submission]?.elements[element.index].state = state
    if case .over(let end) = state {
      watched.insert(element)
      submissions[element.submission]?.elements[element.index].end = end
      submissions[element.submission]?.elements[element.index].endedAt = now
    } else {
      submissions[element.submission]?.elements[element.index].absences = 0
      submissions[element.submission]?.elements[element.index].absentSince = nil
    }
    settle(element, now, &effects)
  }
}
