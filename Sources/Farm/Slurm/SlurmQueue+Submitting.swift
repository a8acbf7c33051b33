import Diagnostics
import Engine
import Glibc
import TaskGraph

/// Giving jobs to Slurm, and what follows from its answers.
extension SlurmQueue {
  mutating func submitDue(_ now: Duration, _ effects: inout [SlurmEffect]) {
    if let silentSince, now - silentSince > patience.silence { giveUpWaiting(now, &effects) }
    releasePilot(&effects)
    guard !isSubmitting, now >= nextSubmission else { return }
    if prepared.isEmpty, !waiting.isEmpty {
      let isDue =
        now - waitingSince >= patience.collecting
        && lastSubmission.map { now - $0 >= patience.submitting } ?? true
      if isDue || feedsPilot { prepare(now, &effects) }
    }
    while !isSubmitting, !prepared.isEmpty {
      var next = prepared.removeFirst()
      next.elements = next.elements.map { $0.filter { items[$0.attempt] != nil } }.filter { !$0.isEmpty }
      guard !next.elements.isEmpty else { continue }
      isSubmitting = true
      submissions[next.id] = Submission(next, .submitting)
      for (index, orders) in next.elements.enumerated() {
        for order in orders { items[order.attempt]?.element = ElementID(submission: next.id, index: index) }
      }
      if next.isPilot { pilot = next.id }
      calls.submissions += 1
      calls.elements += next.elements.count
      effects.append(.submit(next))
    }
  }

  mutating func nextSubmissionID() -> SubmissionID {
    submissionCount += 1
    return SubmissionID(run: run, number: submissionCount)
  }

  mutating func submitted(
    _ id: SubmissionID, _ answer: SubmitAnswer, _ now: Duration, _ effects: inout [SlurmEffect]
  ) {
    isSubmitting = false
    lastSubmission = now
    guard submissions[id]?.state == .submitting else { return }
    pollPause = patience.shortestPoll
    switch answer {
    case .accepted(let job):
      heard()
      submitFailures = 0
      obstacle = nil
      accept(id, job, now, &effects)
    case .unknown(let reason):
      obstacle = reason
      submissions[id]?.state = .unknown(since: now, sightings: 0)
      nextList = now
      backOff(now)
    case .notNow(let reason):
      obstacle = reason
      if silentSince == nil { silentSince = now }
      takeBack(id, now, &effects)
      backOff(now)
    case .refused(let reason):
      heard()
      refuse(id, reason, &effects)
    case .refusedAll(let reason):
      let life = submissions[id]?.order.elements.joined().compactMap { items[$0.attempt]?.lives.first }.first
      if let life { effects.append(.report(life: life, .refused(Self.refusal(reason)))) }
      refuse(id, reason, &effects)
    }
  }

  mutating func accept(
    _ id: SubmissionID, _ job: Int, _ now: Duration, _ effects: inout [SlurmEffect]
  ) {
    submissions[id]?.state = .accepted(job: job, at: now)
    submissionOfJob[job] = id
    for order in (submissions[id]?.order.elements ?? []).joined() {
      for life in items[order.attempt]?.lives ?? [] {
        effects.append(.report(life: life, .said(WorkerEvent(.ready))))
      }
    }
  }

  mutating func backOff(_ now: Duration) {
    submitFailures += 1
    nextSubmission = now + min(.seconds(60), .seconds(1 << min(submitFailures - 1, 6)))
  }

  /// Lets the attempts of a submission wait again, as if it had never been made.
  mutating func takeBack(_ id: SubmissionID, _ now: Duration, _ effects: inout [SlurmEffect]) {
    guard let submission = submissions[id] else { return }
    effects.append(.withdraw(id))
    // In the order in which they were asked for.
    for order in submission.order.elements.joined() where items[order.attempt]?.element?.submission == id {
      wait(order.attempt, now, &effects)
    }
    forget(id)
  }

  /// Puts an attempt back to those that wait, or ends it when nobody wants it or it is another coordinator's.
  mutating func wait(_ attempt: String, _ now: Duration, _ effects: inout [SlurmEffect]) {
    detach(attempt)
    guard let item = items[attempt] else { return }
    if item.isFormer {
      let claim = WorkerEvent(.finished, attempt: attempt, exit: 0)
      return end(attempt, [.said(claim), .ended(.exited(0), WorkerRemains())], &effects)
    }
    if item.stoppedAt != nil || item.lives.isEmpty {
      return end(attempt, [.ended(.signalled(SIGTERM), WorkerRemains())], &effects)
    }
    if waiting.isEmpty { waitingSince = now }
    waiting.append(attempt)
  }

  mutating func refuse(_ id: SubmissionID, _ reason: String, _ effects: inout [SlurmEffect]) {
    guard let submission = submissions[id] else { return }
    effects.append(.withdraw(id))
    for order in submission.order.elements.joined() {
      var event = WorkerEvent(
        .failed, attempt: order.attempt, key: order.key, exit: 2, failure: .user,
        diagnostics: [Self.refusal(reason)])
      event.usage = WorkerEvent.Usage(seconds: 0)
      end(
        order.attempt, [.said(WorkerEvent(.ready)), .said(event), .ended(.exited(0), WorkerRemains())],
        &effects)
    }
    forget(id)
  }

  private static func refusal(_ reason: String) -> Diagnostic {
    // The commands are not there, or know no cluster.
    if ["configuration source", "configuration file", "not found or cannot be executed"].contains(
      where: reason.contains)
    {
      return Diagnostic(
        family: .usage, code: "slurm.absent", message: "Slurm cannot be used here: \(reason)",
        remedy: "Run this where `sinfo` shows the cluster: on a login node, or with SLURM_CONF set.")
    }
    return Diagnostic(
      family: .usage, code: "slurm.refused", message: "Slurm does not take the job: \(reason)",
      remedy:
        "Correct the partition, account, QOS, licences or needs under `farm:`, or ask who runs the cluster.")
  }

  mutating func giveUpWaiting(_ now: Duration, _ effects: inout [SlurmEffect]) {
    silentSince = now
    let reason = obstacle ?? "it does not answer"
    for (attempt, item) in items.sorted(by: { $0.key < $1.key }) where item.element == nil {
      let order = item.order
      var event = WorkerEvent(
        .failed, attempt: attempt, key: order.key, exit: 75, failure: .infrastructure,
        diagnostics: [
          Diagnostic(
            family: .transient, code: "slurm.silent", message: "Slurm takes no jobs: \(reason)",
            remedy: "See `scontrol ping`; run the command again when it answers.")
        ])
      event.usage = WorkerEvent.Usage(seconds: 0)
      end(attempt, [.said(WorkerEvent(.ready)), .said(event), .ended(.exited(0), WorkerRemains())], &effects)
    }
    waiting = []
    prepared = []
  }

  mutating func heard() { silentSince = nil }
}
