import Diagnostics
import Digests
import Engine
import Farm
import TaskGraph
import Testing

/// What the queue asks of Slurm, step by step; the simulation puts it through everything else.
@Suite struct `Slurm queue` {
  /// A queue and its clock.
  private struct Desk {
    var queue: SlurmQueue
    var now = 0.0
    private var lives = 0

    init(_ profile: SlurmProfile = SlurmProfile(), pilotCores: Int? = nil) {
      queue = SlurmQueue(run: "R", profile: profile, pilotCores: pilotCores)
    }

    mutating func tell(_ event: SlurmEvent) -> [SlurmEffect] { queue.apply(event, at: .seconds(now)) }

    /// Lets time pass.
    mutating func wait(_ seconds: Double) -> [SlurmEffect] {
      now += seconds
      return tell(.tick)
    }

    /// Asks for attempts, and takes every submission that comes of it as accepted, job 1 first.
    mutating func submit(_ orders: [SlurmOrder], firstJob: Int = 1) -> [SlurmSubmission] {
      for order in orders {
        lives += 1
        _ = tell(.order(order, life: lives))
      }
      var submissions: [SlurmSubmission] = []
      var effects = wait(5)
      while let submission = effects.submissions.first {
        submissions.append(submission)
        effects = tell(.submitted(submission.id, .accepted(job: firstJob + submissions.count - 1)))
      }
      return submissions
    }
  }

  private func order(
    _ name: String, kind: String = "render", frames: Int = 0, needs: TaskNeeds = TaskNeeds(),
    estimate: Double? = nil
  ) -> SlurmOrder {
    SlurmOrder(
      attempt: "A-\(name)", key: Digest.sha256(Array(name.utf8)), label: name, kind: kind, frames: frames,
      needs: needs, estimate: estimate)
  }

  private func record(_ order: SlurmOrder, exit: Int = 0, seconds: Double) -> ExitRecord {
    var record = ExitRecord(
      attempt: order.attempt, key: order.key, exit: exit, failure: exit == 0 ? nil : .application)
    record.seconds = seconds
    return record
  }

  // MARK: Arrays and chunks

  @Test func `what is ready together is one array for each shape, and one call after the other`() {
    var desk = Desk()
    let small = (0..<5).map { order("small \($0)") }
    let large = (0..<2).map { order("large \($0)", needs: TaskNeeds(cores: 4, memoryBytes: 8 << 30)) }
    for (life, order) in (small + large).enumerated() {
      #expect(desk.tell(.order(order, life: life)).isEmpty)
    }
    let first = desk.wait(1).submissions
    // The second array waits for the answer to the first.
    #expect(first.count == 1 && desk.wait(10).submissions.isEmpty)
    let second = desk.tell(.submitted(first[0].id, .accepted(job: 7))).submissions
    #expect(first[0].elements.map { $0.map(\.label) } == small.map { [$0.label] })
    #expect(second.map { $0.elements.map { $0.map(\.label) } } == [large.map { [$0.label] }])
    #expect(first[0].shape.cores == 1 && second.first?.shape.cores == 4)
    #expect(first[0].isArray && first[0].id.comment == "interlock R.1" && second.first?.id.number == 2)
    #expect(desk.tell(.submitted(second[0].id, .accepted(job: 8))).submissions.isEmpty)
  }

  @Test func `an array has as many elements as the cluster allows`() {
    var desk = Desk()
    desk.queue.longestArray = 10
    let submissions = desk.submit((0..<25).map { order("\($0)") })
    #expect(submissions.map(\.elements.count) == [10, 10, 5])
  }

  @Test func `small tasks share a job until it lasts about as long as the target`() {
    var desk = Desk()
    let known = (0..<30).map { order("\($0)", estimate: 10) }
    let unknown = (0..<3).map { order("unknown \($0)") }
    let submissions = desk.submit(known + unknown)
    // 300 s are five jobs of 60 s; what nobody can estimate is alone.
    #expect(submissions.map { $0.elements.map(\.count).sorted() } == [[1, 1, 1, 6, 6, 6, 6, 6]])
    // The limit is four times the record; without a record it is the partition's.
    #expect(submissions[0].longestSeconds == nil)
    var profile = SlurmProfile()
    profile.target = 100
    var other = Desk(profile)
    #expect(other.submit(known).map { $0.elements.map(\.count) } == [[10, 10, 10]])
    var third = Desk()
    #expect(third.submit(known).map(\.longestSeconds) == [240])
  }

  @Test func `what tasks of a kind take in this run counts more than the record`() {
    var desk = Desk()
    let first = (0..<4).map { order("first \($0)", estimate: 60) }
    #expect(desk.submit(first).map { $0.elements.count } == [4])
    for order in first { _ = desk.tell(.ended(record(order, seconds: 2))) }
    let next = (0..<60).map { order("next \($0)", estimate: 60) } + [order("mix", kind: "mix", estimate: 60)]
    // 120 s in two jobs; the mix is another kind and goes by its record.
    #expect(desk.submit(next, firstJob: 10).map { $0.elements.map(\.count) } == [[30, 30, 1]])
  }

  @Test func `tasks with frames are estimated by the frame`() {
    var desk = Desk()
    let first = order("first", frames: 10)
    _ = desk.submit([first])
    _ = desk.tell(.ended(record(first, seconds: 20)))
    // 2 s a frame: 12 tasks of 5 frames are 120 s, those of 60 frames are a job each.
    let next =
      (0..<12).map { order("short \($0)", frames: 5) } + (0..<2).map { order("long \($0)", frames: 60) }
    let elements = desk.submit(next, firstJob: 10).flatMap(\.elements)
    #expect(elements.map(\.count) == [6, 6, 1, 1])
  }

  // MARK: Needs

  @Test func `licences go by the names of the farm, and what it does not count is not asked for`() {
    var profile = SlurmProfile()
    profile.licences = ["nuke": "nuke_r@rlm"]
    var desk = Desk(profile)
    desk.queue.knownLicences = ["grain"]
    let needs = TaskNeeds(tokens: ["nuke": 1, "grain": 2, "raid": 3])
    let submission = desk.submit([order("comp", needs: needs)])[0]
    #expect(submission.shape.licences == ["nuke_r@rlm": 1, "grain": 2])
    #expect(
      profile.arguments(for: submission, folder: "/p/1", root: "/p").contains(
        "--licenses=grain:2,nuke_r@rlm:1"))
  }

  @Test func `a job says where it goes, whose it is and what it needs, and is never put back by Slurm`() {
    var profile = SlurmProfile()
    profile.partition = "render"
    profile.account = "show"
    profile.qos = "night"
    profile.constraint = "avx2&ssd"
    profile.reservation = "friday"
    profile.throttle = 3
    var desk = Desk(profile)
    let needs = TaskNeeds(cores: 2, memoryBytes: 1 << 30, timeout: 600)
    let submission = desk.submit((0..<2).map { order("\($0)", needs: needs, estimate: 600) })[0]
    #expect(
      profile.arguments(for: submission, folder: "/pro%d/slurm/1", root: "/pro%d") == [
        "--parsable", "--no-requeue", "--export=ALL", "--input=/dev/null", "--open-mode=append",
        "--job-name=R", "--comment=interlock R.1", "--signal=B:USR1@60", "--chdir=/pro%d", "--nodes=1",
        "--ntasks=1", "--cpus-per-task=2", "--output=/pro%%d/slurm/1/%a.log", "--mem=2048M", "--time=20",
        "--array=0-1%3", "--partition=render", "--account=show", "--qos=night", "--constraint=avx2&ssd",
        "--reservation=friday",
      ])
    profile.minutes = 45
    #expect(profile.arguments(for: submission, folder: "/f", root: "/p").contains("--time=45"))
  }

  @Test func `a container sees the production and the media, and a launcher takes its place`() {
    var profile = SlurmProfile()
    #expect(profile.launcher(seeing: ["/p"]) == [])
    profile.container = "/images/interlock.sif"
    #expect(
      profile.launcher(seeing: ["/show/out", "/media/rushes", "/show/out/x", "/media/rushes"]) == [
        "apptainer", "exec", "--bind", "/media/rushes", "--bind", "/show/out", "/images/interlock.sif",
      ])
    profile.launcher = ["podman-hpc", "run", "image"]
    #expect(profile.launcher(seeing: ["/p"]) == ["podman-hpc", "run", "image"])
  }

  @Test func `a task that was too large asks for the double the next time`() {
    var desk = Desk()
    let greedy = order("greedy", needs: TaskNeeds(memoryBytes: 2 << 30))
    #expect(desk.submit([greedy]).map(\.shape.memory) == [3584])
    _ = desk.tell(.ended(record(greedy, exit: 33, seconds: 1)))
    #expect(desk.submit([greedy], firstJob: 2).map(\.shape.memory) == [7168])
  }

  @Test func `a job that met its time limit is given the double the next time`() throws {
    var profile = SlurmProfile()
    profile.minutes = 10
    var desk = Desk(profile)
    let slow = order("slow")
    let first = desk.submit([slow])[0]
    #expect(profile.arguments(for: first, folder: "/f", root: "/p").contains("--time=10"))
    let row = SlurmRow(id: SlurmJobID(1), state: .over(.timeout), comment: first.id.comment)
    var effects = desk.tell(.listed([row], asked: .seconds(desk.now)))
    effects += desk.tell(.unrecorded(attempt: slow.attempt, hasBegun: true))
    effects += desk.wait(10)
    let failure = try #require(effects.failures.first)
    #expect(failure.failure == .cancelled && failure.diagnostics?.map(\.code) == ["slurm.timeout"])
    let second = desk.submit([slow], firstJob: 2)[0]
    #expect(profile.arguments(for: second, folder: "/f", root: "/p").contains("--time=20"))
  }

  // MARK: Polls

  @Test func `one list at a time, seldomer while nothing changes and at once when something does`() {
    var desk = Desk()
    let first = order("first")
    let id = desk.submit([first])[0].id
    func row(_ state: SlurmState) -> [SlurmRow] {
      [SlurmRow(id: SlurmJobID(1), state: state, comment: id.comment)]
    }
    /// Seconds until the next list is asked for.
    func pause(_ desk: inout Desk, _ rows: [SlurmRow]?) -> Double {
      let began = desk.now
      var effects = desk.tell(.listed(rows, asked: .seconds(desk.now)))
      while effects.lists == 0, desk.now < began + 200 { effects = desk.wait(0.25) }
      let pause = desk.now - began
      // Nobody asks again before there is an answer.
      for _ in 0..<100 { #expect(desk.wait(0.25).lists == 0) }
      return pause
    }
    let waiting = SlurmState.queued(reason: "Resources")
    var pauses = (0..<12).map { _ in pause(&desk, row(waiting)) }
    #expect(pauses[0] <= 2 && pauses == pauses.sorted() && pauses.last == 15, "\(pauses)")
    // Silence is waited out a little longer each time, and says nothing about the job.
    pauses = (0..<4).map { _ in pause(&desk, nil) }
    #expect(pauses == [2, 4, 8, 16])
    #expect(desk.queue.openCount == 1)
    pauses = [row(.running), row(.running)].map { pause(&desk, $0) }
    #expect(pauses[0] <= 8, "\(pauses)")
  }

  @Test func `a job that no list names is asked for by itself before it is taken for lost`() throws {
    var desk = Desk()
    let lost = order("lost")
    let id = desk.submit([lost])[0].id
    var confirmation: (ElementID, SlurmJobID)?
    var answers = 1
    _ = desk.tell(.listed([], asked: .seconds(desk.now)))
    while confirmation == nil, desk.now < 1000 {
      var effects = desk.wait(0.5)
      if effects.lists > 0 {
        answers += 1
        effects += desk.tell(.listed([], asked: .seconds(desk.now)))
      }
      #expect(effects.failures.isEmpty)
      confirmation = effects.confirmations.first
    }
    #expect(answers >= 3 && desk.now >= 20)
    let asked = try #require(confirmation)
    #expect(asked.0 == ElementID(submission: id, index: 0) && asked.1 == SlurmJobID(1))
    // No answer is none; one that does not know the job is its end.
    #expect(desk.tell(.confirmed(asked.0, nil)).failures.isEmpty)
    #expect(desk.queue.openCount == 1)
    var effects = desk.tell(.confirmed(asked.0, .over(.vanished)))
    effects += desk.tell(.unrecorded(attempt: lost.attempt, hasBegun: true))
    effects += desk.wait(10)
    let failure = try #require(effects.failures.first)
    #expect(failure.exit == 75 && failure.diagnostics?.map(\.code) == ["slurm.vanished"])
  }

  // MARK: Jobs that cannot begin

  /// Fails the job of the attempt, without a worker ever having held it, until something is said.
  private func failEveryJob(_ desk: inout Desk, _ order: SlurmOrder) -> [SlurmEffect] {
    var said: [SlurmEffect] = []
    var submissions = desk.submit([order])
    for round in 1...10 where !submissions.isEmpty {
      let row = SlurmRow(
        id: SlurmJobID(round), state: .over(.failed(waitStatus: 127 << 8)), node: "n1",
        comment: submissions[0].id.comment)
      said += desk.tell(.listed([row], asked: .seconds(desk.now)))
      said += desk.tell(
        .unrecorded(attempt: order.attempt, hasBegun: false, words: "exec: apptainer: not found"))
      var effects = desk.wait(10)
      said += effects
      effects += desk.wait(10)
      submissions = effects.submissions
      if let next = submissions.first { _ = desk.tell(.submitted(next.id, .accepted(job: round + 1))) }
    }
    return said
  }

  @Test func `jobs that end before they begin stop the run with what their log says, unless others worked`()
    throws
  {
    var desk = Desk()
    let said = failEveryJob(&desk, order("first"))
    let refusal = try #require(said.refusals.first)
    #expect(refusal.code == "slurm.neverBegan")
    #expect(
      refusal.message
        == "a job on n1 ended before it began its work: it exited with 127, and its last words are “exec: apptainer: not found”"
    )
    #expect(refusal.remedy?.contains("`modules`, `container` and `launcher` under `farm:`") == true)
    #expect(refusal.remedy?.hasSuffix("The job's log is .interlock/runs/R/slurm/4/0.log.") == true)
    #expect(desk.queue.calls.submissions == 4, "three more tries are free")
    // Where jobs of the run have worked it is this one's own failure.
    var other = Desk()
    let fine = order("fine")
    _ = other.submit([fine])
    _ = other.tell(.ended(record(fine, seconds: 1)))
    let failed = failEveryJob(&other, order("second"))
    #expect(failed.refusals.isEmpty)
    #expect(failed.failures.map(\.exit) == [1] && failed.failures.first?.failure == .application)
  }
}

extension [SlurmEffect] {
  fileprivate var submissions: [SlurmSubmission] {
    compactMap { if case .submit(let submission) = $0 { submission } else { nil } }
  }

  fileprivate var lists: Int { count { if case .list = $0 { true } else { false } } }

  fileprivate var confirmations: [(ElementID, SlurmJobID)] {
    compactMap { if case .confirm(let element, let id) = $0 { (element, id) } else { nil } }
  }

  fileprivate var failures: [WorkerEvent] {
    compactMap {
      if case .report(_, .said(let event)) = $0, event.event == .failed { event } else { nil }
    }
  }

  fileprivate var refusals: [Diagnostic] {
    compactMap { if case .report(_, .refused(let reason)) = $0 { reason } else { nil } }
  }
}
